import { describe, expect, test } from 'vitest'
import { createAddressGuard } from '../../../src/adapters/kit/address-guard.ts'

describe('address guard', () => {
  const refusalOf = createAddressGuard([])

  test.each(['93.184.215.14', '1.1.1.1', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '64:ff9b::1.1.1.1', '::ffff:8.8.8.8'])(
    '%s is public and allowed',
    (address) => {
      expect(refusalOf(address)).toBeNull()
    },
  )

  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'carrier-grade NAT'],
    ['169.254.169.254', 'link-local'],
    ['192.0.2.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['fc00::1', 'private'],
    ['fd00:ec2::254', 'private'],
    ['fec0::1', 'reserved'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'reserved'],
    ['4000::1', 'outside'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:a9fe:a9fe', 'link-local'],
    ['::127.0.0.1', 'loopback'],
    ['::ffff:0:127.0.0.1', 'loopback'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b:1::a00:1', 'reserved'],
    ['2002:7f00:1::', 'loopback'],
    ['2001:0:7f00:1::', 'reserved'],
    ['not an address', 'not an address'],
    ['', 'not an address'],
  ])('%s is refused as %s', (address, why) => {
    expect(refusalOf(address)).toContain(why)
  })

  test.each([
    ['Azure', '168.63.129.16', 'platform'],
    ['Azure, mapped', '::ffff:168.63.129.16', 'platform'],
    ['Azure, NAT64', '64:ff9b::168.63.129.16', 'platform'],
    ['Azure, 6to4', '2002:a83f:8110::', 'platform'],
    ['AWS, Google, Azure, Oracle, DigitalOcean, Huawei', '169.254.169.254', 'link-local'],
    ['Tencent', '169.254.0.23', 'link-local'],
    ['AWS containers', '169.254.170.2', 'link-local'],
    ['AWS, IPv6', 'fd00:ec2::254', 'private'],
    ['Google, IPv6', 'fd20:ce::254', 'private'],
    ['Oracle, IPv6', 'fd00:c1::a9fe:a9fe', 'private'],
    ['Scaleway, IPv6', 'fd00:42::42', 'private'],
    ['Oracle, older', '192.0.0.192', 'reserved'],
    ['Alibaba', '100.100.100.200', 'carrier-grade NAT'],
  ])('what a platform tells its machines is refused: %s', (_platform, address, why) => {
    expect(refusalOf(address)).toContain(why)
  })

  test('the address of a platform is one address, and may be allowed', () => {
    expect(refusalOf('168.63.129.15')).toBeNull()
    expect(refusalOf('168.63.129.17')).toBeNull()
    expect(createAddressGuard(['168.63.129.16'])('168.63.129.16')).toBeNull()
  })

  test('what the operator allows is allowed, also inside an IPv6 address, and nothing beside it', () => {
    const guard = createAddressGuard(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])
    expect(guard('10.255.0.1')).toBeNull()
    expect(guard('::ffff:10.0.0.1')).toBeNull()
    expect(guard('fd12::1')).toBeNull()
    expect(guard('127.0.0.1')).toBeNull()
    expect(guard('127.0.0.2')).not.toBeNull()
    expect(guard('fc00::1')).not.toBeNull()
    expect(guard('11.0.0.1')).toBeNull()
  })

  test.each(['10.0.0.0/33', 'localhost', '10.0.0.0/8/8', ''])('a range that cannot be read (%j) is named', (range) => {
    expect(() => createAddressGuard([range])).toThrow(expect.objectContaining({ code: 'misconfigured' }))
  })
})
