import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Sharp } from 'sharp'
import { docx, photo, text } from '../kit/bad-files.ts'

const run = promisify(execFile)

/** A file as it is sent: by this name, these bytes. */
export interface Sent {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Sound and film by ffmpeg, as recorders and cameras write them; all in one run. */
const RECORDINGS: readonly (readonly [name: string, ...how: string[]])[] = [
  ['sine.wav', '-c:a', 'pcm_s16le'],
  ['wide.wav', '-c:a', 'pcm_s24le', '-ar', '48000', '-ac', '2'],
  ['float.wav', '-c:a', 'pcm_f32le'],
  ['law.wav', '-c:a', 'pcm_mulaw', '-ar', '8000'],
  ['sine.flac', '-c:a', 'flac'],
  ['stereo.flac', '-c:a', 'flac', '-ac', '2', '-ar', '48000'],
  ['note.ogg', '-c:a', 'libopus', '-b:a', '24k'],
  ['music.ogg', '-c:a', 'libvorbis'],
  ['note.opus', '-c:a', 'libopus'],
  ['song.mp3', '-c:a', 'libmp3lame', '-b:a', '64k'],
  ['variable.mp3', '-c:a', 'libmp3lame', '-q:a', '7'],
  ['tagged.mp3', '-c:a', 'libmp3lame', '-metadata', 'title=Пісня', '-id3v2_version', '3'],
  ['memo.m4a', '-c:a', 'aac'],
  ['browser.webm', '-c:a', 'libopus', '-f', 'webm'],
]
const FILMS: readonly (readonly [name: string, ...how: string[]])[] = [
  ['film.mp4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  ['fast.mp4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-movflags', '+faststart'],
  ['film.webm', '-c:v', 'libvpx', '-b:v', '100k', '-c:a', 'libopus'],
]
const SILENT: readonly (readonly [name: string, ...how: string[]])[] = [
  ['mute.mp4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p'],
  ['mute.webm', '-c:v', 'libvpx-vp9', '-b:v', '100k'],
]

export async function recordings(): Promise<readonly Sent[]> {
  const folder = await mkdtemp(join(tmpdir(), 'recordings-'))
  const to = (maps: readonly string[]) => (how: readonly [string, ...string[]]) => [
    ...maps.flatMap((map) => ['-map', map]),
    ...how.slice(1),
    join(folder, how[0]),
  ]
  try {
    await run('ffmpeg', [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', 'sine=frequency=440:duration=1'],
      ...['-f', 'lavfi', '-i', 'testsrc=duration=1:size=64x64:rate=5'],
      ...RECORDINGS.flatMap(to(['0:a'])),
      ...FILMS.flatMap(to(['1:v', '0:a'])),
      ...SILENT.flatMap(to(['1:v'])),
    ])
    const names = [...RECORDINGS, ...FILMS, ...SILENT].map(([name]) => name)
    return await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The same photo in each of the formats, and in the ways programs write them. */
export async function pictures(): Promise<readonly Sent[]> {
  const small = () => photo().resize(60, 45)
  const alpha = () => small().ensureAlpha(0.5)
  const ways: readonly (readonly [string, () => Sharp])[] = [
    ['plain.png', () => small().png()],
    ['alpha.png', () => alpha().png()],
    ['palette.png', () => small().png({ palette: true, colours: 16 })],
    ['interlaced.png', () => small().png({ progressive: true })],
    ['gray.png', () => small().grayscale().png()],
    ['deep.png', () => small().toColourspace('rgb16').png()],
    ['one.png', () => small().resize(1, 1).png()],
    ['long.png', () => small().resize(2000, 3, { fit: 'fill' }).png()],
    ['plain.jpg', () => small().jpeg()],
    ['upper.JPG', () => small().jpeg()],
    ['plain.jpeg', () => small().jpeg({ quality: 20 })],
    ['progressive.jpg', () => small().jpeg({ progressive: true })],
    ['gray.jpg', () => small().grayscale().jpeg()],
    ['cmyk.jpg', () => small().toColourspace('cmyk').jpeg()],
    ['full.jpg', () => small().jpeg({ chromaSubsampling: '4:4:4' })],
    ['turned.jpg', () => small().jpeg().withMetadata({ orientation: 6 })],
    ['mirrored.jpg', () => small().jpeg().withMetadata({ orientation: 2 })],
    [
      'located.jpg',
      () =>
        small()
          .jpeg()
          .withExif({ IFD3: { GPSLatitude: '50/1 27/1 0/1' } }),
    ],
    ['plain.webp', () => small().webp()],
    ['lossless.webp', () => small().webp({ lossless: true })],
    ['alpha.webp', () => alpha().webp()],
    ['plain.gif', () => small().gif()],
    ['few.gif', () => small().gif({ colours: 4 })],
    ['plain.tiff', () => small().tiff()],
    ['lzw.tif', () => small().tiff({ compression: 'lzw' })],
    ['deflate.tiff', () => small().tiff({ compression: 'deflate' })],
    ['jpeg.tiff', () => small().tiff({ compression: 'jpeg' })],
    ['plain.avif', () => small().avif({ effort: 0 })],
  ]
  return await Promise.all(ways.map(async ([name, make]) => ({ name, bytes: await make().toBuffer() })))
}

/** Documents: by hand, from Word's own parts, and real ones. */
export function documents(fixtures: string): readonly Sent[] {
  return [
    { name: 'paper.pdf', bytes: pdf('BT /F1 12 Tf 20 100 Td (Zbory o shostij) Tj ET') },
    { name: 'empty page.pdf', bytes: pdf('') },
    {
      name: 'letter.docx',
      bytes: docx({ name: 'word/document.xml', content: text(body('Збори о шостій')) }),
    },
    ...['tracemonkey.pdf', 'scan-bad.pdf'].map((name) => ({
      name,
      bytes: readFileSync(join(fixtures, 'documents', name)),
    })),
  ]
}

/** A document of Word that says this; more of its XML where given. */
export const body = (words: string, before = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?>${before}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>${words}</w:t></w:r></w:p></w:body></w:document>`

/** A document of one page with this content, and more of its own in the catalogue. */
export function pdf(content: string, catalogue = '', more: readonly string[] = []): Buffer {
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R ${catalogue} >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...more,
  ]
  let out = '%PDF-1.4\n'
  const offsets = objects.map((object, n) => {
    const at = out.length
    out += `${n + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const xref = out.length
  const rows = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`
  out += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`
  return Buffer.from(out, 'latin1')
}
