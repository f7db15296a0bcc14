/**
 * The options that say which certificates, and in which order; the same for every command that lists them.
 *
 * @module
 */
import type { Command } from 'commander'
import { certificateSort, certificateStatus, RENEWAL_STAGES, type CertificateQuery } from '@evercert/contract'
import { wrongUsage } from './failure.ts'
import type { Say } from './language.ts'

export interface FilterOptions {
  readonly status?: string
  readonly search?: string
  readonly name?: string
  readonly domain?: string
  readonly fingerprint?: string
  readonly serial?: string
  readonly brand?: string
  readonly issuer?: string
  readonly origin?: string
  readonly expiresFrom?: string
  readonly expiresTo?: string
  readonly tags?: string
  readonly anyTags?: string
  readonly waitsFor?: string
  readonly sort?: string
}

export function addFilterOptions(command: Command, say: Say): Command {
  return command
    .option('--status <status>', say('only this status, such as expiringSoon', '仅此状态，如 expiringSoon'))
    .option(
      '--search <text>',
      say('beginning of a word of the name, domain, SHA-256 or serial', '名称、域名、指纹或序列号的开头'),
    )
    .option('--name <text>', say('beginning of a word of the name', '名称中某个词的开头'))
    .option('--domain <domain>', say('the domain and what is below it', '该域名及其子域名'))
    .option('--fingerprint <sha256>', say('beginning of a SHA-256', 'SHA-256 指纹的开头'))
    .option('--serial <hex>', say('beginning of a serial number', '序列号的开头'))
    .option('--brand <brand>', say('only this brand', '仅此品牌'))
    .option('--issuer <text>', say("part of the issuer's name", '签发者名称的一部分'))
    .option('--origin <origin>', say('purchased or uploaded', 'purchased（购买）或 uploaded（上传）'))
    .option('--expires-from <day>', say('expires on this day or later (UTC)', '在此日或之后到期（UTC）'))
    .option('--expires-to <day>', say('expires before this day (UTC)', '在此日之前到期（UTC）'))
    .option('--tags <tags>', say('has all of these, separated by commas', '包含所有这些标签，以逗号分隔'))
    .option('--any-tags <tags>', say('has one of these or more', '至少包含其中一个标签'))
    .option(
      '--waits-for <stage>',
      say(
        'its renewal waits to be ordered, paid, applied, issued, installed or proved',
        '续费停在哪一步：ordered、paid、applied、issued、installed 或 proved',
      ),
    )
    .option(
      '--sort <order>',
      say('created, expiry or name; a minus in front reverses', 'created、expiry 或 name；前加减号为倒序'),
    )
}

/** @throws CliFailure `invalid` for a value that the service would not take */
export function toQuery(options: FilterOptions): CertificateQuery {
  const { search, name, domain, fingerprint, serial, brand, issuer, tags, anyTags } = options
  const texts = { search, name, domain, fingerprint, serial, brand, issuer, tags, anyTags }
  return {
    ...withoutUndefined(texts),
    ...withoutUndefined({
      status: oneOf('--status', options.status, certificateStatus.options),
      origin: oneOf('--origin', options.origin, ['purchased', 'uploaded'] as const),
      waitsFor: oneOf('--waits-for', options.waitsFor, RENEWAL_STAGES),
      sort: oneOf('--sort', options.sort, certificateSort.options),
      expiresFrom: toInstant('--expires-from', options.expiresFrom),
      expiresTo: toInstant('--expires-to', options.expiresTo),
    }),
  }
}

type WithoutUndefined<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> }

function withoutUndefined<Values extends object>(values: Values): WithoutUndefined<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as WithoutUndefined<Values>
}

function oneOf<Value extends string>(option: string, text: string | undefined, known: readonly Value[]): Value | undefined {
  if (text === undefined) return undefined
  const found = known.find((value) => value === text)
  if (found !== undefined) return found
  const all = known.join(', ')
  throw wrongUsage('invalid', `Reading ${option}: "${text}" is none of its values: take one of ${all}.`, {
    cause: { en: `"${text}" is no value of ${option}.`, zh: `“${text}” 不是 ${option} 的可用值。` },
    remedy: { en: `Take one of ${all}.`, zh: `请使用以下之一：${all}。` },
  })
}

function toInstant(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const instant = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(instant)) return new Date(instant).toISOString()
  throw wrongUsage('invalid', `Reading ${option}: "${text}" is no day: write it as 2026-12-05.`, {
    cause: { en: `"${text}" is no day.`, zh: `“${text}” 不是日期。` },
    remedy: { en: 'Write it as 2026-12-05.', zh: '请写成 2026-12-05 的形式。' },
  })
}
