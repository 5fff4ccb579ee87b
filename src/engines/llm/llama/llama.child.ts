import process from 'node:process'
import { engineError } from '../../engine.errors.ts'
import { onTheWire } from '../../workers/error-wire.ts'
import { isOutOfMemory } from '../../workers/out-of-memory.ts'
import type { HistoryItem, Llama, LlamaChat, LlamaLibrary, Sequence } from './library.ts'
import type { FromLlama, LlamaAsk, LlamaLoad, ToLlama } from './protocol.ts'
import { type ReadAsk, readAsk } from './request.ts'

const tell = (message: FromLlama): void => {
  process.send?.(message, undefined, undefined, (error) => {
    if (error) process.exit(0)
  })
}

/** One way of talking with the model, kept with what it has read: a conversation that goes on is not read again. */
interface Seat {
  readonly chat: LlamaChat
  readonly sequence: Sequence
}

interface Loaded {
  readonly llama: Llama
  /** Free seats, the one used longest ago first. */
  readonly free: Seat[]
  readonly waiting: ((seat: Seat) => void)[]
}

let loading: Promise<Loaded> | undefined
const stops = new Map<number, AbortController>()

async function load({ contextTokens, gpu, library, parallel, path, threads }: LlamaLoad): Promise<Loaded> {
  // Installed by the operator, of the version that `library.ts` describes.
  const { getLlama, LlamaChat: Chat }: LlamaLibrary = await import(library)
  const llama = await getLlama({
    gpu,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: 'disabled',
    ...(threads !== undefined && { maxThreads: threads }),
  })
  const model = await llama.loadModel({ modelPath: path })
  const max = Math.min(contextTokens, model.trainContextSize)
  const context = await model.createContext({ contextSize: { max }, sequences: parallel })
  const free = Array.from({ length: parallel }, () => {
    const sequence = context.getSequence()
    return { sequence, chat: new Chat({ contextSequence: sequence }) }
  })
  tell({ type: 'loaded' })
  return { llama, free, waiting: [] }
}

const takeSeat = ({ free, waiting }: Loaded): Promise<Seat> => {
  const seat = free.shift()
  return seat ? Promise.resolve(seat) : new Promise((resolve) => waiting.push(resolve))
}

function leave({ free, waiting }: Loaded, seat: Seat): void {
  const next = waiting.shift()
  if (next) next(seat)
  else free.push(seat)
}

async function answer(ask: number, request: LlamaAsk): Promise<void> {
  const stop = new AbortController()
  stops.set(ask, stop)
  try {
    const read = readAsk(request)
    if (!loading) throw new Error('asked before a model was named')
    const loaded = await loading
    const seat = await takeSeat(loaded)
    try {
      stop.signal.throwIfAborted()
      await generate(ask, read, loaded, seat, stop.signal)
    } finally {
      leave(loaded, seat)
    }
  } catch (cause) {
    if (isOutOfMemory(cause)) process.kill(process.pid, 'SIGKILL')
    tell({ type: 'failed', ask, error: onTheWire(cause) })
  } finally {
    stops.delete(ask)
  }
}

async function generate(
  ask: number,
  { functions, history, isCall, parallelCalls, sampling, schema }: ReadAsk,
  { llama }: Loaded,
  { chat, sequence }: Seat,
  signal: AbortSignal,
): Promise<void> {
  const before = sequence.tokenMeter.usedOutputTokens
  const prompt = promptTokens(chat, sequence, history, functions)
  // The library would silently leave out what does not fit, before the answer and in the middle of it.
  const room = sequence.contextSize - prompt - SPARE_TOKENS
  if (room < 1) throw engineError('engine.context_full', { tokens: sequence.contextSize })
  let whole = ''
  const { functionCalls = [], metadata } = await chat.generateResponse(history, {
    ...sampling,
    maxTokens: Math.min(sampling.maxTokens ?? room, room),
    signal,
    ...(schema && { grammar: await llama.createGrammarForJsonSchema(schema) }),
    ...(functions && { functions, ...(!parallelCalls && { maxParallelFunctionCalls: 1 }) }),
    onResponseChunk: ({ type, text }) => {
      whole += text
      if (text !== '' && !isCall) tell({ type: 'text', ask, text, thought: type === 'segment' })
    },
  })
  const cut = metadata.stopReason === 'maxTokens'
  const calls =
    isCall && !cut
      ? [forced(whole)]
      : functionCalls.map(({ functionName: name, params }) => ({
          name,
          arguments: JSON.stringify(params ?? {}),
        }))
  tell({
    type: 'done',
    ask,
    calls,
    finish: cut ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop',
    tokens: { in: prompt, out: sequence.tokenMeter.usedOutputTokens - before },
  })
}

/** What the library puts around calls of tools. */
const SPARE_TOKENS = 32

const promptTokens = (
  { chatWrapper }: LlamaChat,
  { model }: Sequence,
  history: readonly HistoryItem[],
  functions: ReadAsk['functions'],
): number =>
  chatWrapper
    .generateContextState({
      chatHistory: [...history, { type: 'model', response: [] }],
      ...(functions && { availableFunctions: functions }),
    })
    .contextText.tokenize(model.tokenizer).length

function forced(whole: string): { readonly name: string; readonly arguments: string } {
  try {
    const { name, arguments: given }: { name: string; arguments?: unknown } = JSON.parse(whole)
    return { name, arguments: JSON.stringify(given ?? {}) }
  } catch {
    throw engineError('engine.cut', { engine: 'llama.cpp' })
  }
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToLlama) => {
  if (message.type === 'stop') stops.get(message.ask)?.abort()
  else if (message.type === 'ask') void answer(message.ask, message.request)
  else {
    loading = load(message)
    loading.catch(() => {})
  }
})
tell({ type: 'ready' })
