import type { FastifyRequest } from 'fastify'
import { filesError } from '../files/files.errors.ts'
import { isBrokenForm } from './broken-form.ts'

export interface FormFile {
  readonly field: string
  readonly name: string
  readonly mime: string
  readonly bytes: Buffer
}

export interface FormOptions {
  /** Of one file, and of all together. */
  readonly maxFileBytes: number
  readonly maxBytes: number
  readonly maxFiles: number
  /** Fields whose text is JSON; all others are text. */
  readonly json: ReadonlySet<string>
  /** The field that holds several fields at once, in JSON. */
  readonly whole: string
  /** What a form that cannot be read is refused with. */
  readonly broken: (detail: string, cause: unknown) => Error
}

/** Reads `multipart/form-data` into memory: fields as in JSON, and files. */
export async function readForm(
  request: FastifyRequest,
  { maxFileBytes, maxBytes, maxFiles, json, whole, broken }: FormOptions,
): Promise<{ fields: Record<string, unknown>; files: FormFile[] }> {
  const fields: Record<string, unknown> = {}
  const files: FormFile[] = []
  let total = 0
  const parsed = (field: string, text: string): unknown => {
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw broken(`${field} is not JSON`, cause)
    }
  }
  try {
    for await (const part of request.parts({ limits: { fileSize: maxFileBytes, files: maxFiles } })) {
      if (part.type === 'field') {
        if (typeof part.value !== 'string') continue
        const { fieldname: field, value } = part
        if (field === whole) Object.assign(fields, Object(parsed(field, value)))
        else fields[field] = json.has(field) ? parsed(field, value) : value
        continue
      }
      const bytes = await part.toBuffer()
      total += bytes.length
      if (total > maxBytes)
        throw filesError('file.too_large', { maxMegabytes: Math.floor(maxBytes / 1024 ** 2) })
      const name = part.filename || part.fieldname
      files.push({ field: part.fieldname, name, mime: part.mimetype, bytes })
    }
  } catch (cause) {
    request.raw.resume()
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'FST_REQ_FILE_TOO_LARGE')
      throw filesError('file.too_large', { maxMegabytes: Math.floor(maxFileBytes / 1024 ** 2) })
    if (code === 'FST_FILES_LIMIT') throw broken(`more than ${maxFiles} files`, cause)
    if (isBrokenForm(cause)) throw broken('it broke off before its end', cause)
    throw cause
  }
  return { fields, files }
}
