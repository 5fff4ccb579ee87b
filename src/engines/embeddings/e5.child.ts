import { env, type FeatureExtractionPipeline, LogLevel, pipeline } from '@huggingface/transformers'
import { serveChild } from '../workers/serve-child.ts'

export interface EmbedTask {
  /** The folder that holds the model's. */
  readonly folder: string
  readonly name: string
  readonly threads: number
  readonly kind: 'query' | 'passage'
  readonly texts: readonly string[]
}

let loading: Promise<FeatureExtractionPipeline> | undefined

function load({ folder, name, threads }: EmbedTask): Promise<FeatureExtractionPipeline> {
  env.allowRemoteModels = false
  env.localModelPath = folder
  env.logLevel = LogLevel.NONE
  const started = pipeline('feature-extraction', name, {
    dtype: 'q8',
    device: 'cpu',
    session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
  })
  started.catch(() => {
    loading = undefined
  })
  return started
}

const methods = {
  /** One text a run: in a batch the same text would get a slightly different vector. */
  async embed(task: EmbedTask): Promise<Float32Array[]> {
    loading ??= load(task)
    const extract = await loading
    const vectors: Float32Array[] = []
    for (const text of task.texts) {
      const { data } = await extract(`${task.kind}: ${plain(text)}`, { pooling: 'mean', normalize: true })
      vectors.push(Float32Array.from(data, Number))
    }
    return vectors
  },
}

export type E5Child = typeof methods

/** Written in a text, the tokenizer's own marks would be taken for marks. */
const plain = (text: string): string => text.replaceAll(/<(\/?(?:s|pad|unk|mask))>/g, '< $1 >')

serveChild(methods)
