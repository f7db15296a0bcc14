import { readLogLine } from '@evercert/contract'
import { judge, type FailedObservation } from '@evercert/pki/probe'
import { expect, test } from 'vitest'

const FAILURES: Readonly<Record<FailedObservation['failure'], true>> = {
  refused: true,
  timedOut: true,
  reset: true,
  notTls: true,
  noStartTls: true,
  wrongProtocol: true,
  unreachable: true,
  handshakeFailed: true,
}

test.each(Object.keys(FAILURES) as (keyof typeof FAILURES)[])(
  'why a site does not answer is in a log in both languages: %s',
  (failure) => {
    const observation: FailedObservation = {
      reachable: false,
      failure,
      detail: 'as it was told',
      address: '192.0.2.1',
      port: 443,
      serverName: 'a.example.com',
      observedAt: 0,
      elapsedMs: 1,
    }
    const { cause } = judge(observation, { serverName: 'a.example.com' }, 0)
    const { text } = readLogLine(`2026-01-31T10:00:00.000Z Before: a.example.com:443 at 192.0.2.1: ${cause.en}`)
    expect(text.zh).toBe(`部署前：a.example.com:443（192.0.2.1）：${cause.zh}`)
  },
)
