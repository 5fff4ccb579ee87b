import { readFile } from 'node:fs/promises'

/**
 * A file of somebody else's, to be opened by a child process alone. Prefer `path`: then its bytes never pass through this process.
 * The file must stay as it is until the call settles.
 */
export type ForeignFile = ({ readonly bytes: Uint8Array } | { readonly path: string }) & {
  /** What its content is known by, such as its sha256: a file that has ended two children is not opened again. */
  readonly key?: string | undefined
}

/** The parts of a file that go to a pool: what rides in the payload, and what its `run` wants to know. */
export function forChild(file: ForeignFile): {
  readonly payload: { readonly path?: string }
  readonly options: { readonly bytes?: Uint8Array; readonly key?: string | undefined }
} {
  return 'path' in file
    ? { payload: { path: file.path }, options: { key: file.key } }
    : { payload: {}, options: { bytes: file.bytes, key: file.key } }
}

/** Its bytes, for a fake or an engine that sends them on; never to open them here. */
export const bytesOf = async (file: ForeignFile): Promise<Uint8Array> =>
  'path' in file ? new Uint8Array(await readFile(file.path)) : file.bytes
