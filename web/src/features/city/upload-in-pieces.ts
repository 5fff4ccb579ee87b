import { DetailedError, Upload } from 'tus-js-client'
import { type AppError, kernelError } from '../../../../src/kernel/errors.ts'
import type { CityFile } from '../../../../src/services/city/files.contract.ts'
import { createApi } from '../../api.ts'
import { refusal, type Uploading } from './uploading.ts'

const PIECE_BYTES = 1_000_000
const RETRIES_MS = [500, 2000, 5000, 10_000]

/** Stores a large file piece by piece, by the tus protocol; a piece that the line lost is sent again, and what came is not sent twice. */
export async function uploadInPieces(
  { blob, name, key }: Uploading,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<CityFile> {
  const upload = await new Promise<string>((resolve, reject) => {
    const sending = new Upload(blob, {
      endpoint: '/api/city/uploads',
      chunkSize: PIECE_BYTES,
      retryDelays: RETRIES_MS,
      metadata: { filename: name },
      fingerprint: async () => `daarion-upload-${key}`,
      removeFingerprintOnSuccess: true,
      onProgress: (sent, total) => progress(total > 0 ? sent / total : 0),
      onSuccess: () => resolve(sending.url?.split('/').at(-1) ?? ''),
      onError: (error) => reject(asFailure(error)),
    })
    const stop = () => {
      void sending.abort()
      reject(kernelError('call.cancelled'))
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) return stop()
    void sending.findPreviousUploads().then(([begun]) => {
      if (begun) sending.resumeFromPreviousUpload(begun)
      if (!signal.aborted) sending.start()
    })
  })
  return await createApi(location.origin).city.keepUpload({ upload }, { signal, timeoutMs: KEEP_MS })
}

/** It is looked into before it is taken. */
const KEEP_MS = 90_000

function asFailure(error: Error | DetailedError): AppError {
  const answer = error instanceof DetailedError ? error.originalResponse : null
  if (!answer) return kernelError('peer.unreachable', { peer: location.host }, { cause: error })
  return refusal({
    status: answer.getStatus(),
    body: parsed(answer.getBody()),
    retryAfter: answer.getHeader('retry-after'),
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
