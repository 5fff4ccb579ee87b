// `npm run docs`: writes the pages of docs/ that are made from the code.
import { readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { apiDocument } from '../src/compose/api-document.ts'
import { ENGINE_NODES, peerVariable, SERVICES, VARIABLES } from '../src/config.ts'
import type { ErrorEntry } from '../src/kernel/errors.ts'
import { statusOf } from '../src/kernel/errors.ts'
import { rightsPage } from './rights-page.ts'

const root = resolve(import.meta.dirname, '..')

/** Each generated page by its path under the project. */
export async function generatedPages(): Promise<Record<string, string>> {
  return {
    'docs/configuration.md': configurationPage(),
    'docs/errors.md': errorsPage(await catalogues()),
    'docs/rights.md': rightsPage(),
    'docs/openapi.json': `${JSON.stringify(apiDocument('0.1.0', SERVICES), null, 2)}\n`,
  }
}

function configurationPage(): string {
  const rows = Object.entries(VARIABLES).map(
    ([name, { about, fallback }]) =>
      `| \`${name}\` | ${about} | ${fallback === '' ? '' : `\`${fallback}\``} |`,
  )
  const variables = (names: readonly Parameters<typeof peerVariable>[0][]) =>
    names.map((name) => `\`${peerVariable(name)}\``).join(', ')
  return `# Configuration
Made by \`npm run docs\` from \`src/config.ts\`. Everything is an environment variable; an empty one counts as absent. All faults are reported at once, each with what would be right.

| Variable | What | Without it |
|---|---|---|
${rows.join('\n')}

A service that does not run in this process is reached at its peer: ${variables(SERVICES)}, each an address such as \`http://node2:7400\`.

An engine on another node (which runs with \`RUN=stt\`, say, or is any server of that shape) is asked before the local one, which stands in for it: ${variables(ENGINE_NODES)}.
`
}

type Catalogues = readonly (readonly [code: string, entry: ErrorEntry])[]

/** Every code of every \`*.errors.ts\`, sorted; two meanings for one code are a bug. */
export async function catalogues(): Promise<Catalogues> {
  const found = new Map<string, ErrorEntry>()
  const src = join(root, 'src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /errors\.ts$/.test(file),
  )
  for (const file of files.sort()) {
    const exported: Record<string, unknown> = await import(pathToFileURL(join(src, file)).href)
    for (const value of Object.values(exported))
      if (typeof value === 'function' && 'entries' in value)
        for (const [code, entry] of Object.entries(value.entries as Record<string, ErrorEntry>)) {
          const before = found.get(code)
          if (before && JSON.stringify(before) !== JSON.stringify(entry))
            throw new Error(`${code} is declared with two meanings, the second in ${file}`)
          found.set(code, entry)
        }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1))
}

function errorsPage(all: Catalogues): string {
  const entries = all.map(
    ([code, { kind, en, uk }]) => `## ${code}\n\`${kind}\`, HTTP ${statusOf(kind)}\n\n${en}\n\n${uk}\n`,
  )
  return `# Errors
Made by \`npm run docs\` from the \`*.errors.ts\` files. An error travels as \`{"error":{"kind","code","message","params?"}}\` (under \`/v1\` in OpenAI's shape, with the same code). The code is stable; the reader's side puts it into words.

${entries.join('\n')}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const [path, text] of Object.entries(await generatedPages())) writeFileSync(join(root, path), text)
