import { kernelError } from '../../../../src/kernel/errors.ts'
import { Document } from '../../../../src/services/knowledge/documents.contract.ts'
import { refusal } from '../city/uploading.ts'

/** Brings a file into a collection. `progress` hears the share sent (0…1); it is XHR because fetch cannot tell. */
export function uploadDocument(
  collection: string,
  file: File,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    signal.addEventListener('abort', stop, { once: true })
    request.open('POST', `/api/knowledge/collections/${encodeURIComponent(collection)}/documents`)
    request.responseType = 'json'
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0)
    request.onload = () => {
      const stored = Document.safeParse(request.response)
      if (request.status < 300 && stored.success) resolve(stored.data)
      else
        reject(
          refusal({
            status: request.status,
            body: request.response,
            retryAfter: request.getResponseHeader('retry-after'),
          }),
        )
    }
    request.onerror = () => reject(kernelError('peer.unreachable', { peer: location.host }))
    request.onabort = () => reject(kernelError('call.cancelled'))
    request.onloadend = () => signal.removeEventListener('abort', stop)
    if (signal.aborted) return reject(kernelError('call.cancelled'))
    const form = new FormData()
    form.append('file', file, file.name)
    request.send(form)
  })
}
