import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import type { Pixels } from './pixels.ts'

const EXPLICIT_MODEL = 'open-nsfw'

const EDGE = 224
const AROUND = 256
/** What the model was trained to have taken from blue, green and red. */
const MEAN = [104, 117, 123] as const

/** Loads the model that says how likely a photo is sexually explicit, 0…1: a hint for a moderator, never the last word. In a child process only. */
export async function loadExplicit(folder: string): Promise<(picture: Pixels) => Promise<number>> {
  const session = await ort.InferenceSession.create(join(folder, `${EXPLICIT_MODEL}.onnx`), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  })
  return async (picture) => {
    const square = await picture.rgb((image) =>
      image.resize(AROUND, AROUND, { fit: 'fill', kernel: 'linear' }),
    )
    const margin = (AROUND - EDGE) / 2
    const input = new Float32Array(EDGE * EDGE * 3)
    for (let y = 0; y < EDGE; y++)
      for (let x = 0; x < EDGE; x++)
        for (const [c, mean] of MEAN.entries())
          input[(y * EDGE + x) * 3 + c] =
            (square[((y + margin) * AROUND + x + margin) * 3 + 2 - c] ?? 0) - mean
    const { outputs } = await session.run({
      'input:0': new ort.Tensor('float32', input, [1, EDGE, EDGE, 3]),
    })
    if (!outputs) throw new Error('the model of explicit photos has other outputs')
    return Math.round(Number(outputs.data[1]) * 1000) / 1000
  }
}
