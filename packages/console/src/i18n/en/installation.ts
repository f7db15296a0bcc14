import type { SameKeys } from '../texts.ts'
import type { installation as zh } from '../zh/installation.ts'

export const installation: SameKeys<typeof zh> = {
  masterKeys: 'Master keys',
  masterKey: 'Master key',
  keysIntro:
    'Private keys and secrets of connections are stored sealed with the master key. Everything works while it is rotated. Ids are shown here, never keys.',
  keyStates: { seals: 'Seals', opens: 'Opens what is older', unused: 'Not in use yet' },
  records: 'Records',
  since: 'Since',
  places: { file: 'Kept in the file', setting: 'From the setting', token: 'Kept in (new ones in the token)' },
  place: 'Where',
  nowhere: 'Not on this node',
  nodes: 'Running nodes',
  nodeHere: '{{node}} (this one)',
  lacks: 'Node {{node}} lacks {{ids}}',
  lacksText: 'Copy the key to this node. A running node finds it within ten seconds; until then it cannot be rotated to.',
  away: 'The token with the master key does not answer',
  awaySince: 'Since',
  awayText:
    'Nothing secret is opened: no deployments, no downloads of keys, no orders at CAs. Nothing is lost, and all of it goes on by itself when the token is back. See that it is connected and powered, and that its PIN is right (docs/runbooks/rotate-master-key.md).',
  progress: '{{done}} of {{all}} records are under the new key.',
  progressLabel: 'Progress of the rotation',
  progressText:
    'The rest is wrapped anew in the background; this page can be closed. If they become no fewer, look for masterKey.rewrapFailed in the log.',
  rotate: 'Rotate the master key',
  rotateTitle: 'Rotate the master key?',
  rotateText:
    'New secrets are sealed with a new key from then on, and all records are wrapped anew in the background. The old key stays until no record needs it and you remove it.',
  rotateLimits:
    'If somebody had the old key and the database, or a backup with its key, no rotation takes that back: treat the keys as compromised.',
  rotated: 'New secrets are sealed with {{id}}.',
  rotatedText: 'Records are wrapped anew in the background. Take a backup: those of before do not have the new key.',
  addFirst: 'The keys come from a setting: put a new one (64 hex digits) beside the old on every node first, then rotate.',
  remove: 'Remove',
  removeTitle: 'Remove master key {{id}}?',
  removeText: 'For good: it does not come back.',
  removeFrom: { ours: 'It leaves {{place}} as well, on every node.', others: 'Take it out of {{place}} yourself afterwards.' },
  removeFromToken: 'It is destroyed in the token: nothing that it sealed opens any more, not even a backup of before.',
  removeKeep:
    'Backups that were made without their master key while it was in use open with it alone: keep it elsewhere for as long as you keep them.',
  sealsReason: 'New secrets are sealed with it: rotate first.',
  unusedReason: 'It is not in use: if it is not wanted, take it out of {{place}}.',
  recordsReason_one: '{{count}} record still needs it.',
  recordsReason_other: '{{count}} records still need it.',
  commands: 'By command',
  keysStatusText: 'How things stand',
  keysRotateText: 'Rotate',
  keysRemoveText: 'Remove an old key once no record needs it',
  backups: 'Backups',
  lastBackups: 'Last backups',
  noBackup: 'No backup is known.',
  oldBackup: 'The last backup is of {{day}}.',
  warnText: 'Without a backup, a lost data folder or database takes all private keys with it.',
  madeText:
    'Each reading of all rows is in the log. Where the file is, and whether it is whole, the service does not know: try each one.',
  inAudit: 'See the audit log',
  readAt: 'Read at',
  address: 'From',
  makeBackup: 'Make one, and try it',
  makeBackupText:
    "On the service's machine, while it runs. One encrypted file with every row of one moment, the master key and the operator's token: whoever has it and its passphrase has all private keys. From another machine the master key is not in it.",
  passphraseText: 'Type its passphrase (not shown, and not in the history)',
  backupText: 'Back up into a file',
  tryText: 'Try it: restored into a folder that goes away, each table compared by SHA-256; the running service is left alone',
  restore: 'Restore',
  restoreText:
    'Into an empty folder, and an empty database. Never start a copy beside the original: both would renew and install.',
  restoreInto: 'Restore into a new data folder',
  restoreStart: 'Start from it',
}
