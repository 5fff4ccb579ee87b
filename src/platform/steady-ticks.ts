import { executionAsyncResource } from 'node:async_hooks'

const kept: object[] = []

/** Keeps one of the objects that `process.nextTick` makes; to be called once, before anything else is done. V8 remembers how such an object looks only while there is one: a collection that finds none makes every later tick of the process five times as dear, and a request takes many. */
export function steadyTicks(): void {
  process.nextTick(() => {
    if (kept.length === 0) kept.push(executionAsyncResource())
  })
}
