// The bare engine: the library's own pipeline with the same model, the search for the language that it lacks, and the two settings without which it invents words in the padding and listens to it again. Sound comes decoded, a whole clip of 30 s at most. With `voice` as the third argument it first checks whether anybody speaks, by Silero's model as its own example runs it.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type AutomaticSpeechRecognitionPipeline, env, pipeline, Tensor } from '@huggingface/transformers'
import * as ort from 'onnxruntime-node'

interface Session {
  run(feeds: { input_features: { data: Float32Array } }): Promise<unknown>
}

const [folder = '', name = '', check] = process.argv.slice(2)
env.allowRemoteModels = false
env.localModelPath = folder
const asr: AutomaticSpeechRecognitionPipeline = await pipeline('automatic-speech-recognition', name, {
  dtype: 'q8',
  device: 'cpu',
  session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, enableCpuMemArena: false },
})
const { model, processor } = asr
const { decoder_start_token_id, lang_to_id } = model.generation_config as unknown as {
  decoder_start_token_id: number
  lang_to_id: Record<string, number>
}

// Nothing after the clip, rather than digital silence.
const extractor = processor.feature_extractor as unknown as {
  _call(pcm: Float32Array): Promise<{ input_features: Tensor }>
}
const extract = extractor._call.bind(extractor)
extractor._call = async (pcm) => {
  const { input_features } = await extract(pcm)
  const [, rows = 0, frames = 0] = input_features.dims
  const end = Math.min(frames, Math.floor(pcm.length / 160) + 1)
  for (let row = 0; row < rows; row++) input_features.data.fill(0, row * frames + end, (row + 1) * frames)
  return { input_features }
}

// Hearing the language and transcribing share one run of the encoder.
const encoder = (model.sessions as Record<string, unknown>).model as Session
const encode = encoder.run.bind(encoder)
let seen: Float32Array | undefined
let made: unknown
encoder.run = async (feeds) => {
  const { data } = feeds.input_features
  if (!seen || Buffer.compare(Buffer.from(seen.buffer), Buffer.from(data.slice().buffer)) !== 0) {
    made = await encode(feeds)
    seen = data.slice()
  }
  return made
}

async function languageOf(pcm: Float32Array): Promise<string> {
  const { input_features } = await processor(pcm)
  const { logits } = await model({
    input_features,
    decoder_input_ids: new Tensor('int64', [BigInt(decoder_start_token_id)], [1, 1]),
  })
  const [token = ''] = Object.entries(lang_to_id).reduce((a, b) =>
    logits.data[b[1]] > logits.data[a[1]] ? b : a,
  )
  return token.slice(2, -2)
}

const voice =
  check === 'voice' &&
  (await ort.InferenceSession.create(
    join(dirname(createRequire(import.meta.url).resolve('@ricky0123/vad-web')), 'silero_vad_v6.onnx'),
    { intraOpNumThreads: 1, interOpNumThreads: 1 },
  ))

async function anybodySpeaks(pcm: Float32Array, session: ort.InferenceSession): Promise<boolean> {
  const sr = new ort.Tensor('int64', [16_000n], [1])
  let state: ort.Tensor = new ort.Tensor('float32', new Float32Array(256), [2, 1, 128])
  let before = new Float32Array(64)
  let heard = false
  for (let at = 0; at + 512 <= pcm.length; at += 512) {
    const frame = new Float32Array(576)
    frame.set(before)
    frame.set(pcm.subarray(at, at + 512), 64)
    before = frame.slice(512)
    const out = await session.run({ input: new ort.Tensor('float32', frame, [1, 576]), state, sr })
    if (!out.output || !out.stateN) throw new Error('the voice activity model has other outputs')
    state = out.stateN
    heard ||= Number(out.output.data[0]) > 0.5
  }
  return heard
}

process.on('disconnect', () => process.exit())
process.on('message', (pcm: Float32Array) => {
  void (async () => {
    seen = undefined
    if (voice && !(await anybodySpeaks(pcm, voice))) return void process.send?.({ text: '' })
    const language = await languageOf(pcm)
    const max_new_tokens = Math.min(440, 20 + Math.ceil((pcm.length / 16_000) * 12))
    const { text } = (await asr(pcm, {
      language,
      task: 'transcribe',
      return_timestamps: true,
      max_new_tokens,
    })) as {
      text: string
    }
    process.send?.({ text })
  })()
})
process.send?.({ text: 'ready' })
