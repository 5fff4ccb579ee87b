import type { ChatChunk } from '../../engines/llm/llm.ts'
import type { FrameSink, Frames, WireStream } from '../../engines/llm/wire.ts'
import { costOf, isObject, tokensOf } from './facts.ts'
import type { Hold } from './ledger.ts'
import type { Target } from './models.ts'

/** Counts what an answer costs; settled or released once. */
export class Bill {
  readonly #target: Target
  readonly #hold: Hold
  readonly #tokensIn: number
  readonly #over: () => void
  #chars = 0
  #usage: Record<string, unknown> | null = null
  #open = true

  constructor(target: Target, hold: Hold, tokensIn: number, over: () => void) {
    this.#target = target
    this.#hold = hold
    this.#tokensIn = tokensIn
    this.#over = over
  }

  whole(json: Readonly<Record<string, unknown>>): void {
    if (isObject(json.usage)) this.#usage = json.usage
    else
      for (const choice of listOf(json.choices)) if (isObject(choice)) this.#chars += charsOf(choice.message)
    this.cut()
  }

  chunk(chunk: ChatChunk): void {
    if (isObject(chunk.usage)) this.#usage = chunk.usage
    for (const choice of listOf(chunk.choices)) if (isObject(choice)) this.#chars += charsOf(choice.delta)
  }

  /** Pays for what there was: as the provider says, or else as counted. */
  cut(): void {
    if (!this.#close()) return
    const told = this.#usage
    const tokensIn = numberOf(told?.prompt_tokens) ?? this.#tokensIn
    const tokensOut = numberOf(told?.completion_tokens) ?? tokensOf(this.#chars)
    const details = told?.prompt_tokens_details
    const cached = (isObject(details) ? numberOf(details.cached_tokens) : undefined) ?? 0
    const nanoUsd = costOf(this.#target, { tokensIn, tokensOut, cached })
    this.#hold.settle({ nanoUsd, tokensIn, tokensOut, counted: told === null })
  }

  nothing(): void {
    if (this.#close()) this.#hold.release()
  }

  #close(): boolean {
    if (!this.#open) return false
    this.#open = false
    this.#over()
    return true
  }
}

/** The same stream, counted as it goes by. Usage that only we asked for goes no further. */
export function billed(stream: WireStream, bill: Bill, asked: boolean): WireStream {
  return {
    kind: 'stream',
    pause: stream.pause,
    resume: stream.resume,
    read(sink: FrameSink) {
      stream.read({
        frames(frames) {
          let usageOnly = false
          for (const chunk of frames.chunks) {
            bill.chunk(chunk)
            if (!asked && isUsageOnly(chunk)) usageOnly = true
          }
          const passed = usageOnly ? withoutUsage(frames) : frames
          if (passed.chunks.length > 0) sink.frames(passed)
        },
        end() {
          bill.cut()
          sink.end()
        },
        fail(failure) {
          bill.cut()
          sink.fail(failure)
        },
      })
    },
  }
}

const isUsageOnly = ({ choices, usage }: ChatChunk): boolean =>
  isObject(usage) && listOf(choices).length === 0

function withoutUsage({ chunks }: Frames): Frames {
  const kept = chunks.filter((chunk) => !isUsageOnly(chunk))
  return {
    chunks: kept,
    bytes: Buffer.from(kept.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')),
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined

/** How much an answer says: words, reasoning, and what tools are called with. */
function charsOf(message: unknown): number {
  if (!isObject(message)) return 0
  const { content, reasoning_content: reasoning, refusal, tool_calls: calls } = message
  let chars = 0
  for (const text of [content, reasoning, refusal]) if (typeof text === 'string') chars += text.length
  for (const call of listOf(calls))
    if (isObject(call) && isObject(call.function))
      chars += String(call.function.name ?? '').length + String(call.function.arguments ?? '').length
  return chars
}
