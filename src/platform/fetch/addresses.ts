import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Whether an IP address lies on the public internet, by IANA's registries of special addresses. Of IPv6 only global unicast does, and of that nothing that wraps an IPv4 address (mapped, NAT64, 6to4, Teredo). What is no IP address is not public. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special4.check(address, 'ipv4')
  // A zone (`fe80::1%eth0`) is link-local by its nature.
  if (!isIPv6(address) || address.includes('%')) return false
  return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6')
}

const special4 = listOf('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // A cloud's own services under an address that looks public: Azure, Oracle, Alibaba.
  '168.63.129.16/32',
  '192.0.0.192/32',
  '100.100.100.200/32',
])

const global6 = listOf('ipv6', ['2000::/3'])

const special6 = listOf('ipv6', [
  // Teredo, benchmarks, ORCHID and the rest of IETF's protocol assignments.
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
])

function listOf(family: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [net = '', bits] = range.split('/')
    list.addSubnet(net, Number(bits), family)
  }
  return list
}
