import type { FastifyRequest } from 'fastify'
import { filesError } from '../../platform/files/files.errors.ts'
import { isBrokenForm } from '../../platform/http/broken-form.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'

export interface Upload {
  readonly bytes: Buffer
  readonly name: string
  /** As the client says. */
  readonly mime: string
  /** The other fields, the last of each name. */
  readonly fields: ReadonlyMap<string, string>
}

/** Reads a multipart request with one file in the field `file`. What is larger than the limit is refused while it arrives. */
export async function readUpload(
  request: FastifyRequest,
  limit: { readonly maxBytes: number },
): Promise<Upload> {
  if (!request.isMultipart()) throw gatewayError('gateway.no_file')
  const fields = new Map<string, string>()
  let file: Pick<Upload, 'bytes' | 'name' | 'mime'> | undefined
  const refusal = (cause: unknown): unknown => {
    const code = codeOf(cause)
    if (code === 'FST_REQ_FILE_TOO_LARGE')
      return filesError('file.too_large', { maxMegabytes: Math.floor(limit.maxBytes / 1024 / 1024) })
    if (code === 'FST_FILES_LIMIT') return gatewayError('gateway.many_files', {}, { cause })
    return isBrokenForm(cause) ? gatewayError('gateway.broken_upload', {}, { cause }) : cause
  }
  try {
    const parts = request.parts({ limits: { fileSize: limit.maxBytes, files: 1 } })
    for await (const part of parts) {
      if (part.type === 'field') {
        if (typeof part.value === 'string') fields.set(part.fieldname, part.value)
        continue
      }
      const bytes = await part.toBuffer()
      if (part.fieldname === 'file') file = { bytes, name: part.filename || 'file', mime: part.mimetype }
    }
  } catch (cause) {
    request.raw.resume()
    throw refusal(cause)
  }
  if (!file) throw gatewayError('gateway.no_file')
  return { ...file, fields }
}

const codeOf = (cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined
