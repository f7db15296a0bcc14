/**
 * Cases that a run of minutes leaves out, and `EVERCERT_TEST_LONG=1 npm test -- test/e2e/crash` does not.
 *
 * @module
 */
export function longRun<Case>(all: readonly Case[], isAlways: (one: Case) => boolean): readonly Case[] {
  return process.env['EVERCERT_TEST_LONG'] === '1' ? all : all.filter(isAlways)
}
