import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const { LLAMA_LIBRARY, GGUF_PYTHON } = process.env

/** Whether models in files can be tried here: a folder with node-llama-cpp, and a Python with the library `gguf`. */
export const canRecite = Boolean(LLAMA_LIBRARY && GGUF_PYTHON)

/**
 * Writes a language model that says these words after anything and then ends. To llama.cpp it is a model like any other: a context, a template,
 * a grammar that holds what it says. A word begins with `▁` where a space stands before it; each may be there once.
 */
export async function reciter(target: string, ...words: readonly string[]): Promise<void> {
  const script = join(import.meta.dirname, 'reciter.py')
  await promisify(execFile)(GGUF_PYTHON ?? 'python3', [script, target, ...words])
}
