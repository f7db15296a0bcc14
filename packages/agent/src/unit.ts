/**
 * The systemd unit.
 *
 * @module
 */
export const UNIT_FILE = '/etc/systemd/system/evercert-agent.service'

export interface UnitFacts {
  readonly node: string
  readonly program: string
  readonly configPath: string
}

/**
 * Of Node and its V8: what an agent that waits nearly all the time can do without. The compilers for hot code and their threads are 2 to 4 MiB
 * of pages that nothing else would touch; what is slow here is elsewhere (commands, handshakes, the disk). What Node would unpack of its snapshot at the start is
 * 3 MiB that are never needed and never given back; to do without takes a moment, once.
 */
const LEAN =
  '--jitless --no-node-snapshot --v8-pool-size=0 --max-semi-space-size=1 --max-old-space-size=64 --single-threaded-gc --expose-gc'
/** What is given back goes back to the system, and threads of Node have no heaps of their own. */
const LEAN_ENVIRONMENT = 'MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536'

const startOf = ({ node, program, configPath }: UnitFacts): string =>
  `"${node}" ${LEAN} "${program}" run --config "${configPath}"`

/** What the unit starts, as a line for a shell: where there is no systemd. */
export function commandLine(facts: UnitFacts): string {
  return `${LEAN_ENVIRONMENT} ${startOf(facts)}`
}

/** Whether a process was started as the unit does. @param nodeOptions of its own */
export function isLean(nodeOptions: readonly string[]): boolean {
  return LEAN.split(' ').every((option) => nodeOptions.includes(option))
}

/**
 * Root, since it writes keys for servers and reloads them; what that does not need is taken away. No limit on memory or time: they would
 * hold for the servers' own test commands too.
 */
export function unitText(facts: UnitFacts): string {
  return `[Unit]
Description=Evercert agent: installs certificates on this host
Wants=network-online.target
After=network-online.target

[Service]
# What is given back goes back to the system, and threads of Node have no heaps of their own.
Environment=${LEAN_ENVIRONMENT}
ExecStart=${startOf(facts)}
Restart=always
RestartSec=5
# A deployment that has begun is brought to its end.
KillMode=mixed
TimeoutStopSec=120
StateDirectory=evercert-agent
StateDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
ProtectSystem=true
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`
}
