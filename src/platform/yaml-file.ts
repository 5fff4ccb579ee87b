import { type StatsListener, unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Document, LineCounter, Node } from 'yaml'
import type { z } from 'zod'
import { checkTold, told } from './http/check.errors.ts'
import type { Check } from './http/service.ts'
import type { Logger } from './logger.ts'

/** A file that the operator writes and the city reads again whenever it changes. */
export interface YamlFile<T> {
  /** The last contents that were right; `empty` where there were none yet. */
  current(): T
  /** Why the file as it lies now is not used; null where it is. The message names the file, the line and what would be right. */
  problem(): { readonly line: number | null; readonly message: string } | null
  stop(): void
}

export interface YamlFileOptions<T> {
  readonly path: string
  /** Judges what is written; may be asynchronous. Its issues' paths become lines. */
  readonly schema: z.ZodType<T>
  /** What holds where there is no file. */
  readonly empty: T
  /** Told of each later edit that is taken, and of the file's going, which leaves `empty`. */
  readonly onChange?: (value: T) => void
  readonly logger?: Pick<Logger, 'info' | 'error'> | undefined
  /** How often it is looked at, in milliseconds. */
  readonly lookMs?: number
}

interface Fault {
  readonly line: number | null
  readonly what: string
}
type Read<T> = { readonly value: T } | { readonly faults: readonly Fault[] }

const LOOK_MS = 1_000
/** Twice the same so long apart, it is no longer being written. */
const SETTLE_MS = 60
const MAX_SETTLES = 50
const MAX_BYTES = 1024 * 1024
const MAX_ALIASES = 100
const MAX_TOLD = 5

/**
 * Opens a YAML file. Resolves once it was read for the first time, right or wrong; never rejects for what is written in it.
 * It is looked at by name, so an editor may replace it by renaming another. A wrong edit is refused whole: what was read before stays.
 */
export async function openYamlFile<T>(options: YamlFileOptions<T>): Promise<YamlFile<T>> {
  const { path, schema, empty, logger } = options
  let current = empty
  let problem: { line: number | null; message: string } | null = null
  let seen: string | null | undefined
  let stopped = false

  async function take(first: boolean): Promise<void> {
    try {
      const text = await settled(path, first ? 1 : MAX_SETTLES)
      if (stopped || text === seen) return
      const read: Read<T> = text === null ? { value: empty } : await readYaml(text, schema, empty)
      if (stopped) return
      seen = text
      if ('faults' in read) refuse(read.faults)
      else accept(read.value, first)
    } catch (cause) {
      seen = undefined
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
      refuse([{ line: null, what: `it cannot be read (${code})` }])
    }
  }

  function accept(value: T, first: boolean): void {
    current = value
    problem = null
    if (first) return
    logger?.info({ file: path }, 'a file of settings was read anew')
    options.onChange?.(value)
  }

  function refuse(faults: readonly Fault[]): void {
    const { line = null } = faults[0] ?? {}
    const [head, ...more] = faults.slice(0, MAX_TOLD)
    const rest = more.map((fault) => (fault.line ? `line ${fault.line}: ${fault.what}` : fault.what))
    if (faults.length > MAX_TOLD) rest.push(`and ${faults.length - MAX_TOLD} more`)
    problem = {
      line,
      message: [`${line === null ? path : `${path}:${line}`}: ${head?.what}`, ...rest].join('; '),
    }
    logger?.error({ file: path, line, problem: problem.message }, 'a file of settings was refused')
  }

  // One look at a time; what changes during one is looked at after it.
  let looking = take(true)
  await looking
  const look = () => {
    looking = looking.then(() => take(false))
  }
  const changed: StatsListener = () => look()
  watchFile(path, { interval: options.lookMs ?? LOOK_MS, persistent: false }, changed)
  // What changed between the first look and the watch would not be told of.
  look()

  return {
    current: () => current,
    problem: () => problem,
    stop() {
      stopped = true
      unwatchFile(path, changed)
    },
  }
}

/** What `/ready` says of such a file: a wrong edit degrades, for what was read before still holds. */
export function checkYamlFile(name: string, file: Pick<YamlFile<unknown>, 'problem'>): Check {
  const problem = file.problem()
  if (!problem) return { name, state: 'ok' }
  return { name, state: 'degraded', ...told(checkTold('check.file_refused', { detail: problem.message })) }
}

/** Parses and judges a text of YAML; all faults at once, with the line of each. */
export async function readYaml<T>(text: string, schema: z.ZodType<T>, empty: T): Promise<Read<T>> {
  if (Buffer.byteLength(text) > MAX_BYTES)
    return { faults: [{ line: null, what: `it is larger than ${MAX_BYTES / 1024 ** 2} MB` }] }
  const { LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0)
    return {
      faults: document.errors.map(({ message, pos: [at] }) => ({
        line: lines.linePos(at).line,
        what: message,
      })),
    }
  let raw: unknown
  try {
    raw = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (cause) {
    return { faults: [{ line: null, what: cause instanceof Error ? cause.message : 'it cannot be read' }] }
  }
  if (raw === null || raw === undefined) return { value: empty }
  const judged = await schema.safeParseAsync(raw, { error: knownKeys })
  if (judged.success) return { value: judged.data }
  return {
    faults: judged.error.issues.flatMap(exact).map((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
      const where = issue.path.map(String).join('.')
      const line = lineOf(document, lines, [...issue.path, ...keys])
      return { line, what: where === '' ? issue.message : `${where}: ${issue.message}` }
    }),
  }
}

/** Of something that fits none of several forms it says what is wrong with the form that was meant, or else what each would be. */
function exact(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const forms = issue.errors.map((form) =>
    form.map((one) => ({ ...one, path: [...issue.path, ...one.path] })).flatMap(exact),
  )
  const depth = (form: readonly z.core.$ZodIssue[]) => Math.max(0, ...form.map(({ path }) => path.length))
  const isMeant = (form: readonly z.core.$ZodIssue[]) =>
    depth(form) > issue.path.length || form.some(({ code }) => code === 'unrecognized_keys')
  const meant = forms.filter(isMeant).sort((a, b) => a.length - b.length)[0]
  if (meant) return meant
  const said = [...new Set(forms.flat().map(({ message }) => message))]
  return said.length === 0 ? [issue] : [{ ...issue, message: said.join('; or ') }]
}

/** A key that is not known is answered with those that are. */
const knownKeys: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys') return undefined
  const def = issue.inst?._zod.def
  const known = def && 'shape' in def ? Object.keys(Object(def.shape)) : []
  return `${issue.keys.join(', ')} is not known here; there are ${known.join(', ')}`
}

/** The line of what stands at a path, or of the nearest that holds it. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number | null {
  let at: number | undefined
  let node: unknown = document.contents
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (!isCollection(node)) break
    const found = node.items.find((item, index) =>
      isPair(item) ? String(plainOf(item.key)) === String(step) : index === step,
    )
    if (found === undefined) break
    const shown: unknown = isPair(found) ? found.key : found
    at = (shown as Partial<Node> | null)?.range?.[0] ?? at
    node = isPair(found) ? found.value : found
  }
  at ??= document.contents?.range?.[0]
  return at === undefined ? null : lines.linePos(at).line
}

interface Pair {
  readonly key: unknown
  readonly value: unknown
}
const isPair = (item: unknown): item is Pair =>
  typeof item === 'object' && item !== null && 'key' in item && 'value' in item
const isCollection = (node: unknown): node is { readonly items: readonly unknown[] } =>
  typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items)
const isAlias = (node: unknown): node is { resolve(document: Document): unknown } =>
  typeof node === 'object' && node !== null && 'resolve' in node && typeof node.resolve === 'function'
const plainOf = (node: unknown): unknown =>
  typeof node === 'object' && node !== null && 'value' in node ? node.value : node

/** The text of a file once it is no longer being written; null where there is none. */
async function settled(path: string, looks: number): Promise<string | null> {
  let text = await readOrNull(path)
  for (let look = 1; look < looks; look++) {
    await setTimeout(SETTLE_MS)
    const again = await readOrNull(path)
    if (again === text) break
    text = again
  }
  return text
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return null
    throw cause
  }
}
