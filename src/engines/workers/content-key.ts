/** The sha256 of a file, as the key of a job; computed off this thread. */
export async function contentKey(bytes: Uint8Array): Promise<string> {
  const own =
    bytes.buffer instanceof ArrayBuffer
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : Uint8Array.from(bytes)
  return Buffer.from(await globalThis.crypto.subtle.digest('SHA-256', own)).toString('hex')
}
