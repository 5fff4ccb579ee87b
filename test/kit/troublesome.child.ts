import process from 'node:process'
import { engineError } from '../../src/engines/engine.errors.ts'
import { type ChildJob, serveChild } from '../../src/engines/workers/serve-child.ts'
import { systemClock } from '../../src/kernel/clock.ts'

const held: unknown[] = []

interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
// Node's types name WebAssembly only as a namespace of types.
const wasm: { Memory: new (limits: { initial: number; maximum: number }) => WasmMemory } = Reflect.get(
  globalThis,
  'WebAssembly',
)

const methods = {
  echo: (payload: unknown) => payload,
  pid: () => process.pid,
  length: (_: null, job: ChildJob) => job.bytes.length,
  environment: () => Object.keys(process.env),
  crash: () => process.exit(3),
  crashOnce: (payload: { firstPid: number }) => {
    if (payload.firstPid === 0 || payload.firstPid === process.pid) process.kill(process.pid, 'SIGSEGV')
    return process.pid
  },
  hang: () => {
    for (;;);
  },
  wait: () => new Promise<never>(() => {}),
  hogBuffers: () => {
    for (;;) held.push(Buffer.alloc(8 << 20, 1))
  },
  hogWasm: () => {
    const memory = new wasm.Memory({ initial: 1, maximum: 65_536 })
    for (;;) {
      const pages = memory.grow(128)
      new Uint8Array(memory.buffer, pages << 16).fill(1)
    }
  },
  hogHeap: () => {
    for (;;) held.push({ text: String(held.length).repeat(50) })
  },
  refuse: () => {
    throw engineError('file.too_long', { minutes: 61, limit: 60 })
  },
  bug: () => {
    throw new TypeError('a bug in the child')
  },
  tick: async ({ times, everyMs }: { times: number; everyMs: number }, job: ChildJob<number>) => {
    for (let n = 1; n <= times; n++) {
      await systemClock.sleep(everyMs)
      await job.send(n)
    }
    return times
  },
  count: async (to: number, job: ChildJob<number>) => {
    let ahead = 0
    let most = 0
    for (let n = 1; n <= to; n++) {
      most = Math.max(most, ++ahead)
      await job.send(n)
      ahead--
    }
    return most
  },
}

export type TroublesomeChild = typeof methods

serveChild(methods)
