import process from 'node:process'
import { onTheWire } from './error-wire.ts'
import { isOutOfMemory } from './out-of-memory.ts'
import type { FromChild, ToChild } from './protocol.ts'

/** A job as the child's method sees it. */
export interface ChildJob<Message = never> {
  /** The bytes handed in with the task; empty where there were none. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Hands the parent something on the way. Resolves when the parent has dealt with it: await it and a slow reader is waited for. */
  send(message: Message): Promise<void>
}

/** What a child can do, by name. The parent imports the type alone: `import type { ParserChild } from './parser.child.ts'`. */
export type ChildMethods = Readonly<
  Record<string, (payload: never, job: ChildJob<never>) => Promise<unknown> | unknown>
>

/**
 * Answers a pool's jobs with `methods`, one at a time; the only statement of a `*.child.ts` module that runs.
 * An AppError thrown by a method reaches the caller as it is, anything else as a bug. Out of memory ends the process: the pool
 * counts that as a crash. The process ends when its parent is gone.
 */
export function serveChild(methods: ChildMethods): void {
  const slices: Uint8Array[] = []
  const waiting = new Map<number, () => void>()
  let messages = 0

  const tell = (message: FromChild): void => {
    process.send?.(message, undefined, undefined, (error) => {
      if (error) process.exit(0)
    })
  }
  const job: Omit<ChildJob<unknown>, 'bytes'> = {
    send: (body) =>
      new Promise((resolve) => {
        const message = ++messages
        waiting.set(message, resolve)
        tell({ type: 'message', message, body })
      }),
  }
  const run = async (name: string, payload: unknown): Promise<void> => {
    const bytes = joined(slices.splice(0))
    try {
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined
      if (!method) throw new Error(`no method ${name}`)
      // The pool's types hold payload and messages to the method's own; the wire forgets them.
      tell({ type: 'done', result: await method(payload as never, { ...job, bytes }) })
    } catch (cause) {
      if (isOutOfMemory(cause)) process.kill(process.pid, 'SIGKILL')
      tell({ type: 'failed', error: onTheWire(cause) })
    }
  }

  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: ToChild) => {
    if (message.type === 'bytes') slices.push(message.slice)
    else if (message.type === 'run') void run(message.method, message.payload)
    else {
      waiting.get(message.message)?.()
      waiting.delete(message.message)
    }
  })
  tell({ type: 'ready' })
}

function joined(slices: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(slices.reduce((sum, slice) => sum + slice.length, 0))
  let at = 0
  for (const slice of slices) {
    whole.set(slice, at)
    at += slice.length
  }
  return whole
}
