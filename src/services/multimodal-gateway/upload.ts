import type { FastifyRequest } from 'fastify'
import { filesError } from '../../platform/files/files.errors.ts'
import { isBrokenForm } from '../../platform/http/broken-form.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'

export interface Upload {
  /** As the client says; undefined where the form brings none. */
  readonly file: { readonly bytes: Buffer; readonly name: string; readonly mime: string } | undefined
  /** The other fields: the last of each name, and all of a name that ends with `[]`, without it. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>
}

/** Reads a multipart request with at most one file, in the field `file`. What is larger than the limit is refused while it arrives. */
export async function readUpload(
  request: FastifyRequest,
  limit: { readonly maxBytes: number },
): Promise<Upload> {
  const single = new Map<string, string>()
  const lists = new Map<string, string[]>()
  let file: Upload['file']
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
        if (typeof part.value !== 'string') continue
        const name = part.fieldname.replace(/\[\]$/, '')
        if (name === part.fieldname) single.set(name, part.value)
        else lists.set(name, [...(lists.get(name) ?? []), part.value])
        continue
      }
      const bytes = await part.toBuffer()
      if (part.fieldname === 'file') file = { bytes, name: part.filename || 'file', mime: part.mimetype }
    }
  } catch (cause) {
    request.raw.resume()
    throw refusal(cause)
  }
  return { file, fields: Object.fromEntries([...single, ...lists]) }
}

const codeOf = (cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined
