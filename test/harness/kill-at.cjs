/**
 * Preloaded into a real program (`node --require`), which then dies, as by a power cut, right before the change outside of itself that a test names: a file
 * made, renamed, linked or removed, a command run, a handshake, a report sent. What it did on the way is written down. The program has no such switch.
 *
 * In the environment: `KILL_AT_PLAN`, a file with `{ "id", "label", "nth" }`, read anew before each change, which the test replaces as it likes, and
 * `KILL_AT_BASE`, below which changes count. The changes go to `<plan>.trace`, a line each: the plan's id, a tab, the label.
 */
const fs = require('node:fs')
const http = require('node:http')
const tls = require('node:tls')
const childProcess = require('node:child_process')

const plan = process.env.KILL_AT_PLAN
const base = `${process.env.KILL_AT_BASE}/`
const own = { appendFileSync: fs.appendFileSync, readFileSync: fs.readFileSync, lstatSync: fs.lstatSync }

let id = ''
let seen = 0

/** @param {string} label */
function before(label) {
  const wish = JSON.parse(own.readFileSync(plan, 'utf8'))
  if (wish.id !== id) [id, seen] = [wish.id, 0]
  if (label === wish.label) seen += 1
  const isNow = label === wish.label && seen === wish.nth
  own.appendFileSync(`${plan}.trace`, `${id}\t${isNow ? 'killed' : label}\n`)
  if (isNow) process.kill(process.pid, 'SIGKILL')
}

/** The same for each site, key, version and piece of work; null: not below the base. */
function placeOf(path) {
  if (typeof path !== 'string' || !path.startsWith(base)) return null
  return path
    .slice(base.length)
    .replace(/^tls\/[^/]+\//, '')
    .replace(/lock\..*\.unfinished$/, 'lock.unfinished')
    .replace(/(\.\d+)?\.[0-9a-f]{12}\.unfinished/, '.unfinished')
    .replace(/[0-9a-f]{64}(-\d+)?/, 'SHA256')
    .replace(/wrk_[a-z0-9]+/, 'WORK')
}

function isThere(path) {
  try {
    return own.lstatSync(path) !== undefined
  } catch {
    return false
  }
}

/** @param {(args: unknown[]) => string | null} labelOf null: no change */
function watch(module, name, labelOf) {
  const real = module[name]
  module[name] = function (...args) {
    const label = labelOf(args)
    if (label !== null) before(label)
    return real.apply(this, args)
  }
}

const labelled = (what, path) => (placeOf(path) === null ? null : `${what} ${placeOf(path)}`)
const files = new Map()
for (const end of ['', 'Sync']) {
  for (const name of ['mkdir', 'rmdir', 'rm'])
    watch(fs, `${name}${end}`, ([path]) => (isThere(path) === (name !== 'mkdir') ? labelled(name, path) : null))
  watch(fs, `open${end}`, ([path, flags]) => (/[wa]/.test(String(flags)) ? labelled('make', path) : null))
  for (const name of ['rename', 'symlink', 'link']) watch(fs, `${name}${end}`, ([, path]) => labelled(name, path))
  watch(fs, `fsync${end}`, ([file]) => (files.has(file) ? labelled('flush', files.get(file)) : null))
}
const { open, openSync } = fs
fs.open = (path, ...rest) => {
  const done = rest.pop()
  open(path, ...rest, (error, file) => {
    if (error === null) files.set(file, path)
    done(error, file)
  })
}
fs.openSync = (path, ...rest) => {
  const file = openSync(path, ...rest)
  files.set(file, path)
  return file
}
watch(childProcess, 'spawn', ([command, args]) => {
  const said = [command, ...args].join(' ')
  if (said.includes('facl')) return null
  return said.includes('reload') ? 'run reload' : 'run test'
})
watch(tls, 'connect', () => 'look')
watch(http, 'request', ([url]) =>
  /\/agents\/(report|csrs)$/.test(url.pathname) ? `tell ${url.pathname.split('/').at(-1)}` : null,
)
