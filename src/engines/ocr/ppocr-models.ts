import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import sharp from 'sharp'
import { type CtcWord, ctcWords } from './ctc.ts'
import { onnxMetadata } from './onnx-metadata.ts'
import type { GreyImage } from './prepare.ts'
import { cutSlanted, type Slanted } from './slanted.ts'
import { textRegions } from './text-regions.ts'

/** The two models of PP-OCR. They compute on the calling thread: in a child process only. */
export interface Ppocr {
  /** Where lines of writing are, in the image's pixels, in no order. */
  find(image: GreyImage): Promise<readonly Slanted[]>
  /** What is written in a line that stands upright. `from` and `to` are shares of its width. */
  recognise(image: GreyImage, line: Slanted): Promise<readonly CtcWord[]>
}

/** The detector's input: large enough for letters of ten pixels on a page, small enough for a second's work. */
const LONGEST_EDGE = 1_536
const SHORTEST_EDGE = 736
/** It wants multiples of. */
const STEP = 32
const LINE_HEIGHT = 48
const LINE_MAX_WIDTH = 4_800
/** Shorter lines are padded to it: what it was trained on. */
const LINE_MIN_WIDTH = 320

export async function loadPpocr(folder: string): Promise<Ppocr> {
  const session = async (file: string): Promise<Run> => {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1 }
    const loaded = await ort.InferenceSession.create(join(folder, file), options)
    const [input] = loaded.inputNames
    const [output] = loaded.outputNames
    if (!input || !output) throw new Error(`${file} has no input or no output`)
    return async (values, dims) => {
      const { [output]: result } = await loaded.run({ [input]: new ort.Tensor('float32', values, dims) })
      if (!(result?.data instanceof Float32Array)) throw new Error(`${file} answers something else`)
      return { data: result.data, dims: result.dims }
    }
  }
  const detect = await session('detection.onnx')
  const read = await session('recognition.onnx')
  const characters = onnxMetadata(await readFile(join(folder, 'recognition.onnx')))
    .get('character')
    ?.split('\n')
  if (!characters) throw new Error('the recogniser does not say its characters')

  return {
    async find(image) {
      const long = Math.max(image.width, image.height)
      const short = Math.min(image.width, image.height)
      const factor = Math.min(LONGEST_EDGE / long, Math.max(1, SHORTEST_EDGE / short))
      const fit = (side: number) => Math.max(STEP, Math.round((side * factor) / STEP) * STEP)
      const [width, height] = [fit(image.width), fit(image.height)]
      const raw = { width: image.width, height: image.height, channels: 1 as const }
      const small = await sharp(image.pixels, { raw, limitInputPixels: false })
        .resize(width, height, { fit: 'fill', kernel: factor < 1 ? 'lanczos3' : 'cubic' })
        .toColourspace('b-w')
        .raw()
        .toBuffer()
      const { data } = await detect(inThree(small, width, height, width), [1, 3, height, width])
      const [across, down] = [image.width / width, image.height / height]
      return textRegions({ shares: data, width, height }).map((region) => ({
        ...region,
        x: region.x * across,
        y: region.y * down,
        width: region.width * across,
        height: region.height * down,
      }))
    },
    async recognise(image, line) {
      const { pixels, width } = cutSlanted(image, line, LINE_HEIGHT, LINE_MAX_WIDTH)
      const padded = Math.max(LINE_MIN_WIDTH, width)
      const { data, dims } = await read(inThree(pixels, width, LINE_HEIGHT, padded), [
        1,
        3,
        LINE_HEIGHT,
        padded,
      ])
      const [, steps = 0, classes = 0] = dims
      const written = (steps * width) / padded
      return ctcWords({ shares: data, steps, classes }, characters).map((word) => ({
        ...word,
        from: Math.min(1, word.from / written),
        to: Math.min(1, word.to / written),
      }))
    },
  }
}

type Run = (
  values: Float32Array,
  dims: readonly number[],
) => Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }>

/** Grey pixels as the three colours the models want, each from -1 to 1, in a picture that may be wider: what is beyond is nought. */
function inThree(pixels: Uint8Array, width: number, height: number, padded: number): Float32Array {
  const plane = padded * height
  const values = new Float32Array(3 * plane)
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      values[row * padded + column] = (pixels[row * width + column] ?? 0) / 127.5 - 1
  values.copyWithin(plane, 0, plane)
  values.copyWithin(2 * plane, 0, plane)
  return values
}
