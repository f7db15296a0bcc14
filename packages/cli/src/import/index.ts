/**
 * The tools whose folders can be imported.
 *
 * @module
 */
import { acmeSh } from './acme-sh.ts'
import { caddy } from './caddy.ts'
import { certbot } from './certbot.ts'
import type { Estate } from './estate.ts'
import { lego } from './lego.ts'

export const ESTATES: readonly Estate[] = [certbot, acmeSh, lego, caddy]
