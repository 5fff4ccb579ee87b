import { kernelError } from '../../../../src/kernel/errors.ts'
import { CityFile } from '../../../../src/services/city/files.contract.ts'
import type { PartType } from '../../../../src/services/city/messages.contract.ts'
import { type Answer, refusal, type Uploading } from './uploading.ts'

/** What the city takes by default; what is larger is refused here before a byte is sent, and by the city anyway. */
export const FILE_LIMIT_BYTES = 25_000_000
export const FILES_LIMIT = 10

/** Which kind of part a file becomes, by what its name and the browser say; the city looks into it and has the last word. */
export function partTypeOf(file: { type: string; name: string }): PartType {
  if (file.type.startsWith('audio/') || /\.(ogg|oga|opus|mp3|m4a|wav|flac|weba)$/i.test(file.name))
    return 'audio'
  if (file.type === 'video/webm' && /\.webm$/i.test(file.name)) return 'audio'
  if (/^image\/(png|jpeg|webp|gif|avif|heic|heif|tiff|bmp)$/.test(file.type)) return 'image'
  return 'file'
}

/** From this size on an upload is resumed where the line broke. */
const RESUMED_BYTES = 2_000_000

/** Stores a file in the city. `progress` hears the share sent (0…1). */
export async function uploadFile(
  file: Uploading,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<CityFile> {
  if (file.blob.size < RESUMED_BYTES) return await uploadAtOnce(file, progress, signal)
  const { uploadInPieces } = await import('./upload-in-pieces.ts')
  return await uploadInPieces(file, progress, signal)
}

/** In one request; it is XHR because fetch cannot tell how much is sent. */
function uploadAtOnce(
  { blob, name }: Uploading,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<CityFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    const end = () => signal.removeEventListener('abort', stop)
    request.open('POST', '/api/city/files')
    request.responseType = 'json'
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0)
    request.onload = () => {
      end()
      const stored = CityFile.safeParse(request.response)
      if (request.status < 300 && stored.success) resolve(stored.data)
      else reject(refusal(answerOf(request)))
    }
    request.onerror = () => {
      end()
      reject(kernelError('peer.unreachable', { peer: location.host }))
    }
    request.onabort = () => {
      end()
      reject(kernelError('call.cancelled'))
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) return reject(kernelError('call.cancelled'))
    const form = new FormData()
    form.append('file', blob, name)
    request.send(form)
  })
}

const answerOf = (request: XMLHttpRequest): Answer => ({
  status: request.status,
  body: request.response,
  retryAfter: request.getResponseHeader('retry-after'),
})
