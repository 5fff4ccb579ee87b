/**
 * The reader of PDFs, loaded when the first one comes. @napi-rs/canvas, which it draws on, would take 1 GB of address space from the child's limit
 * before it has drawn anything: its allocator is told to take what it needs. Its build for Node brings a `push` of its own for every array, because
 * an older V8 does not throw where an array cannot grow; that one costs a tenth of a document, and the language's is put back.
 */
export async function loadPdf(): Promise<Pick<typeof import('./pdf.ts'), 'openPdf'>> {
  // biome-ignore lint/style/noProcessEnv: mimalloc reads it here and nowhere else
  process.env.MIMALLOC_ARENA_EAGER_COMMIT = '0'
  const { push } = Array.prototype
  const { openPdf } = await import('./pdf.ts')
  Array.prototype.push = push
  return { openPdf }
}
