/**
 * The reader of PDFs, loaded when the first one comes. @napi-rs/canvas, which it draws on, would take 1 GB of address space from the child's limit
 * before it has drawn anything: its allocator is told to take what it needs.
 */
export async function loadPdf(): Promise<typeof import('./pdf.ts')> {
  // biome-ignore lint/style/noProcessEnv: mimalloc reads it here and nowhere else
  process.env.MIMALLOC_ARENA_EAGER_COMMIT = '0'
  return await import('./pdf.ts')
}
