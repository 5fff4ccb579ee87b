const KEPT = 60

/** The bytes that were sent from this page, so that their sender sees and hears them at once, without a download. */
export interface LocalFiles {
  keep(file: string, blob: Blob): void
  /** An object URL, or undefined where the file was not sent from here. */
  url(file: string): string | undefined
  close(): void
}

/** Holds the last sixty files as object URLs; `close` releases them. */
export function createLocalFiles(): LocalFiles {
  const urls = new Map<string, string>()
  return {
    keep(file, blob) {
      if (urls.has(file)) return
      urls.set(file, URL.createObjectURL(blob))
      const oldest = [...urls][0]
      if (urls.size <= KEPT || !oldest) return
      urls.delete(oldest[0])
      URL.revokeObjectURL(oldest[1])
    },
    url: (file) => urls.get(file),
    close() {
      for (const url of urls.values()) URL.revokeObjectURL(url)
      urls.clear()
    },
  }
}
