import { describe, expect, it } from 'vitest'
import { parseRange } from '../files/ranges.ts'
import { cleanName, disposition } from './names.ts'

describe('a file’s name', () => {
  it.each([
    ['Звіт за травень.pdf', 'Звіт за травень.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\a.txt', 'a.txt'],
    ['a\u0000b\u001f\u007f.txt', 'ab.txt'],
    ['invoice\u202Efdp.exe', 'invoicefdp.exe'],
    ['zero\u200Bwidth\uFEFF.txt', 'zerowidth.txt'],
    ['..', 'file'],
    ['...hidden', 'hidden'],
    ['  a   b .txt ', 'a b .txt'],
    ['<img src=x>.png', '_img src=x_.png'],
    ['', 'file'],
    [undefined, 'file'],
    ['half \ud800.txt', 'half .txt'],
    [`${'є'.repeat(300)}.docx`, `${'є'.repeat(195)}.docx`],
    [`a.${'x'.repeat(300)}`, `a.${'x'.repeat(198)}`],
    ['👍'.repeat(150), '👍'.repeat(100)],
  ])('%j becomes %j', (given, clean) => expect(cleanName(given)).toBe(clean))

  it('is quoted so that it can break no header', () => {
    const header = disposition('attachment', 'a"\\\r\nx: y;ї\'.txt')
    expect(header).toMatch(/^attachment; filename="[^"\\\r\n]*"; filename\*=UTF-8''[\w%.!~-]*$/)
  })
})

describe('a range', () => {
  it.each([
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=0-', 10, { start: 0, end: 9 }],
    ['bytes=-1', 10, { start: 9, end: 9 }],
    ['bytes=-99', 10, { start: 0, end: 9 }],
    ['bytes=-0', 10, 'outside'],
    ['bytes=10-11', 10, 'outside'],
    ['bytes=0-', 0, 'outside'],
    ['bytes=0-1,3-4', 10, undefined],
    ['bytes=-', 10, undefined],
    ['bytes=b-a', 10, undefined],
    ['items=0-1', 10, undefined],
    [undefined, 10, undefined],
  ])('%s of %d bytes', (header, size, range) => expect(parseRange(header, size)).toEqual(range))
})
