import { crc32, deflateRawSync, deflateSync } from 'node:zlib'
import sharp from 'sharp'

export const text = (words: string): Uint8Array => Buffer.from(words, 'utf8')
export const zeros = (length: number): Uint8Array => new Uint8Array(length)

interface Packed {
  readonly name: string
  readonly content: Uint8Array
  /** What the headers claim, where they lie. */
  readonly claimed?: number
}

/** An archive as an attacker writes it, byte by byte. */
export function zip(files: readonly Packed[]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const { claimed, content, name } of files) {
    const packed = deflateRawSync(content, { level: 9 })
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(claimed ?? content.length, 18)
    fields.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(at, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), fields, tail, Buffer.from(name)]))
    locals.push(local)
    at += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, directory, end])
}

const TYPES = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`
const SHEET = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'
const SLIDES = 'application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml'
const office = (type: string, ...more: Packed[]): Buffer =>
  zip([
    {
      name: '[Content_Types].xml',
      content: text(`<Types><Override PartName="/main.xml" ContentType="${type}"/></Types>`),
    },
    ...more,
  ])
export const docx = (...more: Packed[]): Buffer =>
  zip([{ name: '[Content_Types].xml', content: text(TYPES) }, ...more])

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([size, body, sum])
}

/** A PNG whose header claims a size; its pixels are `data`. */
export function png(width: number, height: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const start = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    start,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(data)),
    chunk('IEND', zeros(0)),
  ])
}

function wav(dataBytes: number, claimed = dataBytes): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + claimed, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(8_000, 24)
  header.writeUInt32LE(8_000, 28)
  header.writeUInt16LE(1, 32)
  header.writeUInt16LE(8, 34)
  header.write('data', 36)
  header.writeUInt32LE(claimed, 40)
  return Buffer.concat([header, Buffer.alloc(dataBytes, 128)])
}

/** An EBML element. */
const element = (id: string, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(0x10000000 + body.length)
  return Buffer.concat([Buffer.from(id, 'hex'), size, body])
}

const webmOfVideoOnly = Buffer.concat([
  element('1a45dfa3', element('4282', text('webm'))),
  element(
    '18538067',
    element('1654ae6b', element('ae', element('d7', Buffer.of(1)), element('83', Buffer.of(1)))),
  ),
])

const box = (type: string, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(body.length + 8)
  return Buffer.concat([size, Buffer.from(type), body])
}

const mp4OfVideoOnly = Buffer.concat([
  box('ftyp', text('isom'), zeros(4), text('isommp42')),
  box('moov', box('trak', box('mdia', box('hdlr', zeros(8), text('vide'), zeros(13))))),
])

const PDF_OF_NOTHING = `%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n`

/** A file to be refused, by its name, with the code it is refused with. */
export interface Bad {
  readonly name: string
  readonly bytes: () => Uint8Array | Promise<Uint8Array>
  readonly code: string
}

const noise = (seed: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let at = 0, state = seed; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** A picture that packs badly, so that its first half is not all of it. */
export const photo = () => sharp(noise(5, 300 * 300 * 3), { raw: { width: 300, height: 300, channels: 3 } })
const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1)

/** Files as somebody careless or hostile sends them: empty, cut short, lying, bombs. Each is made when asked for. */
export const BAD: readonly Bad[] = [
  { name: 'empty.png', bytes: () => zeros(0), code: 'file.empty' },
  { name: 'empty.docx', bytes: () => zeros(0), code: 'file.empty' },
  { name: 'blank.txt', bytes: () => text(' \n\t\n'), code: 'file.empty' },
  { name: 'cut.png', bytes: async () => half(await photo().png().toBuffer()), code: 'file.unreadable' },
  { name: 'cut.jpg', bytes: async () => half(await photo().jpeg().toBuffer()), code: 'file.unreadable' },
  { name: 'cut.webp', bytes: async () => half(await photo().webp().toBuffer()), code: 'file.unreadable' },
  { name: 'cut.gif', bytes: async () => half(await photo().gif().toBuffer()), code: 'file.unreadable' },
  { name: 'cut.tiff', bytes: async () => half(await photo().tiff().toBuffer()), code: 'file.unreadable' },
  { name: 'head.png', bytes: () => Buffer.from('89504e470d0a1a0a', 'hex'), code: 'file.unreadable' },
  { name: 'bomb.png', bytes: () => png(50_000, 50_000, zeros(1 << 16)), code: 'file.too_many_pixels' },
  { name: 'pretends-small.png', bytes: () => png(0, 40, zeros(1000)), code: 'file.unreadable' },
  { name: 'cut.pdf', bytes: () => text(PDF_OF_NOTHING), code: 'file.unreadable' },
  {
    name: 'noise.pdf',
    bytes: () => Buffer.concat([text('%PDF-1.7\n'), noise(3, 9000)]),
    code: 'file.unreadable',
  },
  {
    name: 'cut.docx',
    bytes: () => half(docx({ name: 'word/document.xml', content: noise(1, 9000) })),
    code: 'file.unreadable',
  },
  {
    name: 'zip.docx',
    bytes: () => zip([{ name: 'a.exe', content: text('hello') }]),
    code: 'file.wrong_type',
  },
  { name: 'a.zip', bytes: () => zip([{ name: 'a.exe', content: text('hello') }]), code: 'file.wrong_type' },
  {
    name: 'app.jar',
    bytes: () =>
      zip([
        { name: 'META-INF/MANIFEST.MF', content: text('Main-Class: X') },
        { name: 'readme.txt', content: text('hello') },
      ]),
    code: 'file.unsupported',
  },
  {
    name: 'macros.xlsx',
    bytes: () => office('application/vnd.ms-excel.sheet.macroEnabled.main+xml'),
    code: 'file.wrong_type',
  },
  {
    name: 'cut.zip',
    bytes: () => half(zip([{ name: 'a.txt', content: noise(5, 9000) }])),
    code: 'file.unreadable',
  },
  {
    name: 'bomb.zip',
    bytes: () => zip([{ name: 'a.txt', content: zeros(12 << 20) }]),
    code: 'file.bomb',
  },
  {
    name: 'bomb.xlsx',
    bytes: () => office(SHEET, { name: 'xl/worksheets/sheet1.xml', content: zeros(12 << 20) }),
    code: 'file.bomb',
  },
  {
    name: 'bomb.pptx',
    bytes: () => office(SLIDES, { name: 'ppt/slides/slide1.xml', content: zeros(12 << 20) }),
    code: 'file.bomb',
  },
  {
    name: 'bomb.odt',
    bytes: () =>
      zip([
        { name: 'mimetype', content: text('application/vnd.oasis.opendocument.text') },
        { name: 'content.xml', content: zeros(12 << 20), claimed: 1000 },
      ]),
    code: 'file.bomb',
  },
  {
    name: 'locked.ods',
    bytes: () =>
      zip([
        { name: 'mimetype', content: text('application/vnd.oasis.opendocument.spreadsheet') },
        { name: 'META-INF/manifest.xml', content: text('<manifest:encryption-data/>') },
      ]),
    code: 'file.encrypted',
  },
  {
    name: 'bomb.docx',
    bytes: () => docx({ name: 'word/document.xml', content: zeros(220 << 20) }),
    code: 'file.bomb',
  },
  {
    name: 'ratio.docx',
    bytes: () => docx({ name: 'word/document.xml', content: zeros(40 << 20) }),
    code: 'file.bomb',
  },
  {
    name: 'lying.docx',
    bytes: () => docx({ name: 'word/document.xml', content: zeros(220 << 20), claimed: 1000 }),
    code: 'file.bomb',
  },
  {
    name: 'many.docx',
    bytes: () =>
      docx(...Array.from({ length: 6000 }, (_, n) => ({ name: `word/${n}.xml`, content: text('x') }))),
    code: 'file.bomb',
  },
  {
    name: 'nested.docx',
    bytes: () => {
      let inner = zip([{ name: 'x', content: text('x') }])
      for (let depth = 0; depth < 5; depth++) inner = zip([{ name: 'x.zip', content: inner }])
      return docx({ name: 'word/embeddings/x.zip', content: inner })
    },
    code: 'file.bomb',
  },
  {
    name: 'letter.doc',
    bytes: () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), zeros(600)]),
    code: 'file.unsupported',
  },
  {
    name: 'locked.docx',
    bytes: () =>
      Buffer.concat([
        Buffer.from('d0cf11e0a1b11ae1', 'hex'),
        zeros(500),
        Buffer.from('EncryptedPackage', 'utf16le'),
        zeros(80),
      ]),
    code: 'file.encrypted',
  },
  { name: 'nul.txt', bytes: () => text('some words\0\0and more'), code: 'file.unsupported' },
  { name: 'noise.txt', bytes: () => noise(7, 5000), code: 'file.unsupported' },
  {
    name: 'logo.svg',
    bytes: () => text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    code: 'file.unsupported',
  },
  {
    name: 'logo.png',
    bytes: () =>
      text(
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
      ),
    code: 'file.wrong_type',
  },
  { name: 'a.exe', bytes: () => Buffer.concat([text('MZ'), zeros(300)]), code: 'file.unsupported' },
  {
    name: 'program.jpg',
    bytes: () => Buffer.concat([text('\x7fELF\x02\x01\x01'), zeros(300)]),
    code: 'file.wrong_type',
  },
  { name: 'long.txt', bytes: () => text('Слово за словом. '.repeat(150_000)), code: 'file.too_many_pages' },
  { name: 'silent.wav', bytes: () => wav(0), code: 'file.no_audio' },
  { name: 'cut.wav', bytes: () => wav(1000, 90_000), code: 'file.unreadable' },
  { name: 'hours.wav', bytes: () => wav(8_000 * 3700), code: 'file.too_long' },
  { name: 'video.webm', bytes: () => webmOfVideoOnly, code: 'file.no_audio' },
  { name: 'video.mp4', bytes: () => mp4OfVideoOnly, code: 'file.no_audio' },
  {
    name: 'cut.ogg',
    bytes: () => Buffer.concat([text('OggS\0\x02'), zeros(20), Buffer.of(1, 200), text('OpusHead')]),
    code: 'file.unreadable',
  },
  { name: 'noise.flac', bytes: () => Buffer.concat([text('fLaC'), noise(9, 3000)]), code: 'file.no_audio' },
  {
    name: 'noise.mp3',
    bytes: () => Buffer.concat([text('ID3\x03\0\0\0\0\0\0'), noise(11, 3000)]),
    code: 'file.unreadable',
  },
]
