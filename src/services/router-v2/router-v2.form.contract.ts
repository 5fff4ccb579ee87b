import type { FormFile, FormOptions } from '../../platform/http/read-form.ts'
import { routerV2Error } from './router-v2.errors.ts'

const JSON_FIELDS = new Set(['parts', 'payload', 'capabilities', 'maxUsd', 'timeoutMs'])
const KINDS = ['audio', 'image', 'file'] as const
type Kind = (typeof KINDS)[number]
const V11 = { audio: 'audio', image: 'images', file: 'files' } as const
const MAX_FILES = 10

/** How a request in a form is read: fields as in JSON, `request` for several at once. */
export const formOptions = (maxFileBytes: number, maxBytes: number): FormOptions => ({
  maxFileBytes,
  maxBytes,
  maxFiles: MAX_FILES,
  json: JSON_FIELDS,
  whole: 'request',
  broken: (detail, cause) => routerV2Error('router_v2.broken_form', { detail }, { cause }),
})

/** Words in a form are a part, unless it is of v1's form. */
export function requestOfForm(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (fields.parts !== undefined || fields.message !== undefined) return { ...fields }
  return { ...fields, parts: [{ type: 'text', text: typeof fields.text === 'string' ? fields.text : '' }] }
}

/** The kind of a file is its field's name, else its type's. */
export function kindOfFile(field: string, mime: string): Kind {
  const named = KINDS.find((kind) => field === kind || field === `${kind}[]`)
  if (named && named !== 'file') return named
  if (mime.startsWith('audio/')) return 'audio'
  return mime.startsWith('image/') ? 'image' : 'file'
}

/** The same request without a form: files as data URLs, where its form has them. */
export function withFiles(
  request: Readonly<Record<string, unknown>>,
  files: readonly FormFile[],
): Record<string, unknown> {
  const parts = files.map(({ field, name, mime, bytes }) => ({
    type: kindOfFile(field, mime),
    name: name.slice(0, 200),
    data: `data:${mime};base64,${bytes.toString('base64')}`,
  }))
  if (parts.length === 0) return { ...request }
  if (request.message === undefined)
    return { ...request, parts: [...(Array.isArray(request.parts) ? request.parts : []), ...parts] }
  const payload = Object(request.payload)
  const context = { ...Object(payload.context) }
  for (const { type, name, data } of parts) {
    const key = V11[type]
    const before: unknown = context[key] ?? []
    context[key] = [...(Array.isArray(before) ? before : [before]), { name, data }]
  }
  return { ...request, payload: { ...payload, context } }
}
