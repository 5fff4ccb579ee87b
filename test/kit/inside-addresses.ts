/** Ways to write an address inside, at a port, or something that only looks like one outside: nothing may be opened at any of them. */
export const insideAddresses = (at: number): string[] => [
  ...[
    ...'127.0.0.1 127.1 127.0.1 127.255.255.254 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 0177.0.0.1 017700000001 0177.1'.split(
      ' ',
    ),
    ...'127.0.0.1. 127。0。0。1 127．0．0．1 １２７.0.0.1 ⑫⑦.0.0.1 ①②⑦.⓪.⓪.① %31%32%37.0.0.1 127%2e0%2e0%2e1'.split(
      ' ',
    ),
    ...'0.0.0.0 0 0x0 00000 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.1 0xc0a80001 3232235521'.split(
      ' ',
    ),
    ...'169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 100.64.0.1 100.100.100.200 192.0.0.192 168.63.129.16'.split(
      ' ',
    ),
    ...'198.18.0.1 192.0.2.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255'.split(
      ' ',
    ),
    ...'[::1] [::] [0:0:0:0:0:0:0:1] [0000::0001] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1]'.split(
      ' ',
    ),
    ...'[64:ff9b::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:a00:1::1] [2001:0:7f00:1::] [2001:db8::1]'.split(
      ' ',
    ),
    ...'[fe80::1] [fec0::1] [fc00::1] [fd00:ec2::254] [ff02::1] [100::1] [5f00::1] [::ffff:0:127.0.0.1] [3fff::1]'.split(
      ' ',
    ),
    ...'localhost LOCALHOST localhost. foo.localhost ｌｏｃａｌｈｏｓｔ loc­alhost city printer.local nas.lan db.internal metadata.google.internal'.split(
      ' ',
    ),
    ...'kubernetes.default.svc 1.0.0.127.in-addr.arpa inside.org INSIDE.org inside.org. inside6.org mapped.org metadata.org nowhere.org localhost.evil.org'.split(
      ' ',
    ),
  ].map((host) => `http://${host}:${at}/`),
  `http://user@127.0.0.1:${at}/`,
  `http://site.org@127.0.0.1:${at}/`,
  `http://site.org:80@127.0.0.1:${at}/`,
  `http://127.0.0.1:${at}@site.org/`,
  `http://site.org\\@127.0.0.1:${at}/`,
  `http://127.0.0.1:${at}\\@site.org/`,
  `http:127.0.0.1:${at}/`,
  `http:/127.0.0.1:${at}/`,
  `http:////127.0.0.1:${at}/`,
  `http://127.0.0.1:${at}#@site.org/`,
  `http://127.0.0.1:${at}?@site.org/`,
  `ht\ntp://127.0.0.1:${at}/`,
  ` http://127.0.0.1:${at}/`,
  `http://127.0.0.1\t:${at}/`,
  `https://127.0.0.1:${at}/`,
  `//127.0.0.1:${at}/`,
  `ftp://127.0.0.1:${at}/`,
  `ws://127.0.0.1:${at}/`,
  'file:///etc/passwd',
  'http://[::1%25lo]/',
  'http://[fe80::1%25eth0]/',
  'http://127.0.0.1:22/',
  'http://site.org:6379/',
  'unix:/var/run/docker.sock',
  'http://',
  'http://.',
  'http://..',
  `http://${'a.'.repeat(200)}org/`,
  `http://site.org/${'a'.repeat(5000)}`,
]
