import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import type { Pixels } from './pixels.ts'
import type { Sight } from './vision.ts'

/** Small codes in large photos are lost below, and nothing is won above. */
const EDGE = 2_400
const MOST = 20
const MAX_TEXT = 8_000

let ready: Promise<unknown> | undefined

/** Barcodes and QR codes, by ZXing. In a child process only. What a code holds is data of whoever drew it. */
export async function readCodes(picture: Pixels): Promise<Sight['codes']> {
  ready ??= prepare()
  await ready
  const image = await picture.rgba(EDGE)
  const found = await readBarcodes(
    { data: image.data, width: image.width, height: image.height, colorSpace: 'srgb' },
    { tryHarder: true, tryRotate: true, tryInvert: true, maxNumberOfSymbols: MOST },
  )
  return found
    .filter(({ isValid, text }) => isValid && text !== '')
    .map(({ format, text }) => ({ format: String(format), text: text.slice(0, MAX_TEXT) }))
}

/** By itself it would fetch its WebAssembly from the internet. */
async function prepare(): Promise<void> {
  const path = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')
  const bytes = await readFile(path)
  const wasmBinary = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true })
}
