import { alibabaCas } from '../../src/adapters/deploy/alibaba-cas.ts'
import { alibabaCdn } from '../../src/adapters/deploy/alibaba-cdn.ts'
import { DOMAIN, KEY, SECRET, startAlibaba, type AlibabaFixture } from './alibaba-fixture.ts'
import { cloudContract, type CloudHarness } from './cloud-contract.ts'

function harnessOf({ receiver, state, uploads, cdn }: AlibabaFixture) {
  const requests = receiver.requests as unknown[]
  return {
    count: () => uploads.length,
    next: (change) => void (state.next = change),
    requests,
    complaints: state.complaints,
    reset: () => {
      uploads.length = 0
      requests.length = 0
      cdn.current = null
      state.next = null
    },
    wrongKey: { accessKeyId: 'LTAI5tUnknownKeyId99' },
    wrongSecret: { accessKeySecret: 'not-the-secret' },
    secret: SECRET,
    leavesUploads: true,
    close: () => receiver.close(),
  } satisfies Partial<CloudHarness>
}

const access = { accessKeyId: KEY, accessKeySecret: SECRET, removeEarlierUploads: true }

cloudContract('alibabaCdn', async () => {
  const fixture = await startAlibaba()
  const { url } = fixture.receiver
  return {
    ...harnessOf(fixture),
    target: (wish, kit) =>
      alibabaCdn.create(alibabaCdn.config.parse({ ...access, domain: DOMAIN, casEndpoint: url, cdnEndpoint: url, ...wish }), kit),
    held: () => fixture.cdn.current?.sha256 ?? null,
    absent: { domain: 'other.site.test' },
  }
})

cloudContract('alibabaCas', async () => {
  const fixture = await startAlibaba()
  const casEndpoint = fixture.receiver.url
  return {
    ...harnessOf(fixture),
    target: (wish, kit) => alibabaCas.create(alibabaCas.config.parse({ ...access, casEndpoint, ...wish }), kit),
    held: () => fixture.uploads.toSorted((one, other) => other.id - one.id)[0]?.sha256 ?? null,
    absent: null,
    keepsEarlier: true,
  }
})
