import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import type { Pixels } from './pixels.ts'
import type { Sight } from './vision.ts'

const OBJECTS_MODEL = 'coco-ssd-mobilenet-v2'

const EDGE = 300
const BOXES = 1917
/** Below, what it names is wrong too often. Measured beside the model. */
const SHOWN = 0.5

type Labels = Readonly<Record<string, { readonly uk: string; readonly en: string }>>

/** Loads the model of 80 everyday kinds of things. In a child process only: it computes on the calling thread. */
export async function loadObjects(folder: string): Promise<(picture: Pixels) => Promise<Sight['objects']>> {
  const labels: Labels = JSON.parse(await readFile(join(folder, `${OBJECTS_MODEL}.labels.json`), 'utf8'))
  const session = await ort.InferenceSession.create(join(folder, `${OBJECTS_MODEL}.onnx`), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  })
  return async (picture) => {
    const pixels = await picture.rgb((image) => image.resize(EDGE, EDGE, { fit: 'fill', kernel: 'linear' }))
    const image = new ort.Tensor('uint8', new Uint8Array(pixels), [1, EDGE, EDGE, 3])
    const { boxes, scores, selected } = await session.run({ image })
    if (!boxes || !scores || !selected) throw new Error('the model of objects has other outputs')
    const chosen = Array.from(selected.data, Number)
    const found: Sight['objects'][number][] = []
    for (let at = 0; at < chosen.length; at += 3) {
      const [, kind = 0, box = 0] = chosen.slice(at, at + 3)
      const confidence = Number(scores.data[kind * BOXES + box])
      const label = labels[kind]
      if (!label || confidence < SHOWN) continue
      const edges = [0, 1, 2, 3].map((n) => Math.min(1, Math.max(0, Number(boxes.data[box * 4 + n]))))
      const [y0 = 0, x0 = 0, y1 = 0, x1 = 0] = edges
      const { height, width } = picture
      const pixelsOf = { x0: x0 * width, y0: y0 * height, x1: x1 * width, y1: y1 * height }
      found.push({ label, confidence: rounded(confidence), box: mapped(pixelsOf, Math.round) })
    }
    return found.sort((a, b) => b.confidence - a.confidence)
  }
}

const rounded = (share: number): number => Math.round(share * 1000) / 1000

const mapped = (box: Sight['objects'][number]['box'], change: (n: number) => number) => ({
  x0: change(box.x0),
  y0: change(box.y0),
  x1: change(box.x1),
  y1: change(box.y1),
})
