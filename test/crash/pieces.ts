import { kernelError } from '../../src/kernel/errors.ts'
import type { Resident } from '../kit/resident.ts'
import { type Book, persist } from './book.ts'

const PIECES = 4
const CALL_MS = 15_000

/** Uploads by the tus protocol, a piece at a time; after a broken line it asks how far it came and goes on from there. Resolves with the file's id. */
export async function uploadInPieces(resident: Resident, bytes: Buffer, book: Book): Promise<string> {
  const call = async (
    path: string,
    method: string,
    headers: Record<string, string>,
    body?: Uint8Array<ArrayBuffer>,
  ) => {
    const response = await fetch(new URL(path, resident.at.city), {
      method,
      headers: { authorization: resident.authorization, 'tus-resumable': '1.0.0', ...headers },
      signal: AbortSignal.timeout(CALL_MS),
      ...(body && { body }),
    })
    await response.arrayBuffer()
    // Another request of the same upload's is not over yet, or the line broke inside a piece.
    if (response.status >= 500 || response.status === 409 || response.status === 423)
      throw kernelError('peer.unintelligible', { peer: path, status: response.status }, { retryable: true })
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`)
    return response
  }
  const path = await persist(book, 'began an upload', async () => {
    const { headers } = await call('/api/city/uploads', 'POST', { 'upload-length': String(bytes.length) })
    return headers.get('location') ?? ''
  })
  let acknowledged = 0
  for (let at = 0; at < bytes.length; ) {
    at = await persist(book, 'sent a piece', async (tries) => {
      const offset = tries === 1 ? at : Number((await call(path, 'HEAD', {})).headers.get('upload-offset'))
      if (offset < acknowledged) book.faults.push(`an upload went back from ${acknowledged} to ${offset}`)
      if (offset >= bytes.length) return offset
      const piece = new Uint8Array(bytes.subarray(offset, offset + Math.ceil(bytes.length / PIECES)))
      const sent = await call(
        path,
        'PATCH',
        { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
        piece,
      )
      return Number(sent.headers.get('upload-offset'))
    })
    acknowledged = at
  }
  const id = path.split('/').at(-1) ?? ''
  const file = await persist(book, 'kept an upload', () => resident.city.keepUpload({ upload: id }))
  return file.id
}
