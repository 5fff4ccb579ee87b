import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import type { Pixels } from './pixels.ts'
import type { Sight } from './vision.ts'

const TAGS_MODEL = 'imagenet-efficientnet-lite0'

const EDGE = 224
const AROUND = 256
const MOST = 3
/** Its probabilities run low; below, it guesses. Measured beside the model. */
const SHOWN = 0.15

/** Loads the model of a thousand kinds of things. In a child process only: it computes on the calling thread. */
export async function loadTags(folder: string): Promise<(picture: Pixels) => Promise<Sight['tags']>> {
  const labels: readonly string[] = JSON.parse(
    await readFile(join(folder, `${TAGS_MODEL}.labels.json`), 'utf8'),
  )
  const session = await ort.InferenceSession.create(join(folder, `${TAGS_MODEL}.onnx`), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  })
  return async (picture) => {
    const margin = (AROUND - EDGE) / 2
    const rgb = await picture.rgb((image) =>
      image
        .resize(AROUND, AROUND, { fit: 'cover' })
        .extract({ left: margin, top: margin, width: EDGE, height: EDGE }),
    )
    const input = new Float32Array(3 * EDGE * EDGE)
    for (let i = 0; i < EDGE * EDGE; i++)
      for (let c = 0; c < 3; c++) input[c * EDGE * EDGE + i] = ((rgb[i * 3 + c] ?? 0) - 127) / 128
    const { probs } = await session.run({ images: new ort.Tensor('float32', input, [1, 3, EDGE, EDGE]) })
    if (!probs) throw new Error('the model of tags has other outputs')
    return Array.from(probs.data, Number)
      .map((probability, i) => ({
        // Synonyms stand after commas.
        label: labels[i]?.split(',')[0] ?? '',
        confidence: Math.round(probability * 1000) / 1000,
      }))
      .filter(({ confidence, label }) => confidence >= SHOWN && label !== '')
      .sort((a, b) => b.confidence - a.confidence)
      .slice(0, MOST)
  }
}
