const MAX_NAME = 200
const MAX_EXTENSION = 16

/** A file's name as it may be shown and saved anywhere: no path, nothing that hides or turns the reading direction, at most 200 characters with its extension kept. */
export function cleanName(given: string | undefined): string {
  const name = (given ?? '')
    // Browsers write a quote in a form's file name so.
    .replace(/%22/g, '"')
    .normalize('NFC')
    .split(/[/\\]/)
    .at(-1)
    ?.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, '')
    .replace(/\s+/g, ' ')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  if (!name) return 'file'
  if (name.length <= MAX_NAME) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && name.length - dot <= MAX_EXTENSION ? name.slice(dot) : ''
  return cut(name, MAX_NAME - extension.length) + extension
}

/** Cuts between characters, never inside one. */
const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')

/** A `Content-Disposition` that every browser reads alike (RFC 6266, RFC 8187). */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const ascii = name.replace(/[^\x20-\x7E]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
