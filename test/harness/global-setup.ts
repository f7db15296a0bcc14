import { missingPrograms } from '../../scripts/debian-packages.ts'

/** Refuses to start the tests without the real servers they use, naming the one command that installs them. */
export default function setup(): void {
  const missing = missingPrograms()
  if (missing.length === 0) return
  throw new Error(`The tests use real servers. Install what is missing: apt-get install ${missing.join(' ')}`)
}
