import { expect, test } from 'vitest'
import { redactRequest } from './redact.ts'

const cut = (content: unknown, redact: 'secrets' | 'personal' | 'none' = 'secrets') =>
  redactRequest({ model: 'm', messages: [{ role: 'user', content }] }, { redact })?.messages[0]?.content ??
  null

// Put together here, so that no scanner takes this file for a leak.
const PLANTED = [
  ['sk-', 'proj_0123456789abcdefABCDEF'],
  ['dk_', '0123456789abcdefghjk'],
  ['ghp', '_0123456789abcdefghijABCDEFGHIJ012345'],
  ['AKIA', 'ABCDEFGHIJKLMNOP'],
  ['xoxb', '-123456789012-abcdefghijkl'],
  ['12345678', '9:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghi'],
  ['-----BEGIN PRIVATE', ' KEY-----\nMIIE\nvQ==\n-----END PRIVATE KEY-----'],
  ['eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P'],
].map((parts) => parts.join(''))

test('secrets are cut out of words and parts, and all else stays', () => {
  for (const secret of PLANTED) {
    expect(cut(`Ключ:\n${secret}, дякую`)).toMatch(/^Ключ:\n\[(key|token|private key)\], дякую$/)
    expect(JSON.stringify(cut([{ type: 'text', text: secret }]))).not.toContain(secret.slice(-12))
  }
  expect(cut('postgres://daarion:hunter22@db/city')).toBe('postgres://daarion:[password]@db/city')
  expect(cut('Зустріч о 10:30, ціна 500 грн, task-sk-1, a@b')).toBeNull()
  expect(cut(PLANTED[0], 'none')).toBeNull()
})

test('people’s data goes only where that is said', () => {
  const said =
    'Пишіть на olia@example.org або +380 44 123 45 67, рахунок UA21 3223 1300 0002 6007 2335 6600 1'
  expect(cut(said)).toBeNull()
  expect(cut(said, 'personal')).toBe('Пишіть на [e-mail] або [phone], рахунок [account]')
})

test('a long hostile text costs little', () => {
  const began = process.cpuUsage()
  for (const piece of ['a@', 'eyJ', '-----BEGIN PRIVATE KEY-----', 'sk-', '1234 ', '+380 '])
    cut(piece.repeat(40_000), 'personal')
  // Of processor time, whatever else the machine does: what goes back over its text takes minutes.
  expect(process.cpuUsage(began).user / 1e6).toBeLessThan(30)
})
