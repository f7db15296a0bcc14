/** The registry of deployment adapters: a new one is one line here. */
import type { DeployAdapter } from '../../ports/deploy.ts'
import { localFiles } from './local-files/local-files.ts'

export const deployAdapters: readonly DeployAdapter[] = [localFiles]
