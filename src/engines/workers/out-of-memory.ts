import { AppError } from '../../kernel/errors.ts'

const WORDS =
  /allocation failed|failed to allocate|out of memory|unable to grow|could not allocate|cannot enlarge memory|bad_alloc|ERR_MEMORY_ALLOCATION|cannot allocate/i

/** Whether something thrown says that memory ran out, by the words that V8, WebAssembly builds and onnxruntime use. A child must not go on after it. */
export const isOutOfMemory = (cause: unknown): boolean =>
  cause instanceof Error && !(cause instanceof AppError) && WORDS.test(cause.message)
