import type { FastifyInstance } from 'fastify'

interface Described {
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly { name: string; in: string; required?: boolean }[]
  readonly requestBody?: unknown
  readonly security?: readonly unknown[]
}

interface Document {
  paths: Record<string, Record<string, unknown>>
}

/** `GET /openapi.json`, and `GET /docs`: the same document as a page to read, without a script. The document is made when it is first asked for. */
export function serveDocs(app: FastifyInstance, describe: () => Document): void {
  let made: Document | undefined
  const document = (): Document => {
    made ??= describe()
    return made
  }
  app.get('/openapi.json', async () => document())
  app.get('/docs', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page(document().paths)),
  )
}

function page(paths: Record<string, Record<string, unknown>>): string {
  const groups = new Map<string, string[]>()
  for (const [path, methods] of Object.entries(paths))
    for (const [method, value] of Object.entries(methods)) {
      // Written by kernel/openapi.ts or by a service in the same shape.
      const op = value as Described
      const tag = op.tags?.[0] ?? 'other'
      groups.set(tag, [...(groups.get(tag) ?? []), entry(method, path, op)])
    }
  const body = [...groups].map(([tag, entries]) => `<h2>${asHtml(tag)}</h2>${entries.join('')}`).join('')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>DAARION API</title><style>${STYLE}</style></head><body><main><h1>DAARION API</h1>
<p>The same as <a href="/openapi.json">openapi.json</a>. Send <code>Authorization: Bearer dk_…</code> with every call that is not marked open.</p>
${body}</main></body></html>`
}

function entry(method: string, path: string, op: Described): string {
  const inputs = (op.parameters ?? []).map(
    (p) => `${asHtml(p.name)}${p.required ? '' : '?'} (${asHtml(p.in)})`,
  )
  if (op.requestBody) inputs.push('a body')
  const open = op.security?.length === 0 ? ' <em>open</em>' : ''
  return `<details><summary><b>${method.toUpperCase()}</b> <code>${asHtml(path)}</code>${open} ${asHtml(op.summary ?? '')}</summary>
<p>${inputs.length > 0 ? `Takes ${inputs.join(', ')}.` : 'Takes nothing.'}</p><pre>${asHtml(JSON.stringify(op, null, 2))}</pre></details>`
}

const asHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign)

const STYLE = `:root{color-scheme:light dark}body{margin:0;background:#f3f3ef;color:#1c2226;font:15px/1.5 "Noto Sans","Segoe UI",system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem}summary{padding:.35rem 0;cursor:pointer}pre{overflow:auto;padding:1rem;background:#e9e9e3;border-radius:6px;font-size:12.5px}
a{color:#1e4c84}em{color:#176057;font-style:normal}@media(prefers-color-scheme:dark){body{background:#12171b;color:#e9e7e0}pre{background:#0d1215}a{color:#92bcec}em{color:#7cc4b8}}`
