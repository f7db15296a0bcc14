import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** Names the tests that passed only when they were run again; prints `N passed, N failed, N skipped` alone on the last line, which CI reads. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      let brokenModule = module.state() === 'failed'
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'failed') brokenModule = false
        if (state === 'passed' || state === 'failed' || state === 'skipped') count[state] += 1
        if (test.diagnostic()?.flaky === true) tellOf(module, test)
      }
      if (brokenModule) count.failed += 1
    }
    console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  }
}

function tellOf(module: TestModule, test: TestCase): void {
  console.log(`\nA FAULT TO BE FOUND: passed only at the second run: ${module.relativeModuleId} > ${test.fullName}`)
  for (const error of test.result().errors ?? []) console.log(`  ${error.message}`)
}
