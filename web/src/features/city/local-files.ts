const KEPT = 60

interface LocalFile {
  readonly url: string
  readonly blob: Blob
}

/** The bytes that were sent from this page, so that their sender sees and hears them at once, without a download. */
export interface LocalFiles {
  keep(file: string, blob: Blob): void
  /** Its bytes and an object URL; undefined where the file was not sent from here. */
  get(file: string): LocalFile | undefined
  close(): void
}

/** Holds the last sixty files as object URLs; `close` releases them. */
export function createLocalFiles(): LocalFiles {
  const kept = new Map<string, LocalFile>()
  return {
    keep(file, blob) {
      if (kept.has(file)) return
      kept.set(file, { url: URL.createObjectURL(blob), blob })
      const oldest = [...kept][0]
      if (kept.size <= KEPT || !oldest) return
      kept.delete(oldest[0])
      URL.revokeObjectURL(oldest[1].url)
    },
    get: (file) => kept.get(file),
    close() {
      for (const { url } of kept.values()) URL.revokeObjectURL(url)
      kept.clear()
    },
  }
}
