import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as ort from 'onnxruntime-node'

/** Silero's voice activity model: how likely somebody speaks, for each 32 ms. */
export interface VoiceActivity {
  /** One number a frame of 512 samples (the last one padded), from sound at 16 kHz. */
  probabilities(pcm: Float32Array, onProgress: (share: number) => void): Promise<Float32Array>
}

const FRAME = 512
/** Version 6 wants the end of the frame before; without it, it answers 0 throughout and raises no error. */
const CONTEXT = 64

/** Loads the model that the package `@ricky0123/vad-web` carries. In a child process only: it computes on the calling thread. */
export async function loadVoiceActivity(): Promise<VoiceActivity> {
  const folder = dirname(createRequire(import.meta.url).resolve('@ricky0123/vad-web'))
  const session = await ort.InferenceSession.create(join(folder, 'silero_vad_v6.onnx'), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  })
  const rate = new ort.Tensor('int64', [16_000n], [1])
  return {
    async probabilities(pcm, onProgress) {
      const found = new Float32Array(Math.ceil(pcm.length / FRAME))
      const frame = new Float32Array(CONTEXT + FRAME)
      let state: ort.Tensor = new ort.Tensor('float32', new Float32Array(256), [2, 1, 128])
      for (let n = 0; n < found.length; n++) {
        frame.copyWithin(0, FRAME)
        frame.fill(0, CONTEXT)
        frame.set(pcm.subarray(n * FRAME, (n + 1) * FRAME), CONTEXT)
        const input = new ort.Tensor('float32', frame, [1, CONTEXT + FRAME])
        const { output, stateN } = await session.run({ input, state, sr: rate })
        if (!output || !stateN) throw new Error('the voice activity model has other outputs')
        state = stateN
        found[n] = Number(output.data[0])
        if (n % 1000 === 999) onProgress(n / found.length)
      }
      return found
    },
  }
}
