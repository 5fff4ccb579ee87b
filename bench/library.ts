import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createE5 } from '../src/engines/embeddings/e5.ts'
import type { Embeddings } from '../src/engines/embeddings/embeddings.ts'
import { createNgrams } from '../src/engines/embeddings/ngrams.ts'
import { createModels } from '../src/engines/models/models.ts'
import { createLocalParser, type LocalParser } from '../src/engines/parser/local.ts'
import { lexicalRerank } from '../src/engines/rerank/lexical.ts'
import { systemClock } from '../src/kernel/clock.ts'
import type { Client } from '../src/kernel/contract.ts'
import { createIds } from '../src/kernel/ids.ts'
import type { Principal } from '../src/kernel/principal.ts'
import { Scope } from '../src/kernel/scope.ts'
import type { Database } from '../src/platform/database/database.ts'
import { openDisk } from '../src/platform/files/disk.ts'
import type { Service } from '../src/platform/http/service.ts'
import type { cityContract } from '../src/services/city/city.contract.ts'
import { partAdded } from '../src/services/city/city.events.ts'
import type { knowledgeContract } from '../src/services/knowledge/knowledge.contract.ts'
import { createKnowledge } from '../src/services/knowledge/knowledge.ts'
import { temporaryFolder } from '../test/kit/city.ts'
import { type TestEvents, testEvents } from '../test/kit/database.ts'

export const READER: Principal = { id: 'person_bench', kind: 'person', name: 'Bench', role: 'resident' }
export const ROOM = 'room_bench'

/** The knowledge service over real engines and one room, without HTTP. Its owner disposes it, then the database. */
export interface Library extends AsyncDisposable {
  readonly service: Service<typeof knowledgeContract>
  readonly embeddings: Embeddings
  readonly parser: LocalParser
  readonly events: TestEvents
  /** Posts a document in the room. */
  post(name: string, bytes: Uint8Array): Promise<void>
  start(): Promise<void>
  /** Processes of the engines now. */
  children(): number[]
}

/** With the model of `MODELS_DIR` where there is one, with letters alone where not, or where `letters` says so. Files lie in `folder`, which stays, or in one of its own. `around` stands around the model: for a cache. */
export async function openLibrary(
  database: Database,
  around: (model: Embeddings) => Embeddings = (model) => model,
  { folder: given, letters = false }: { readonly folder?: string; readonly letters?: boolean } = {},
): Promise<Library> {
  const scope = new Scope()
  const folder = given === undefined ? temporaryFolder() : undefined
  scope.defer(() => folder?.[Symbol.dispose]())
  const files = await openDisk({ folder: given ?? folder?.path ?? '' })
  scope.defer(() => files[Symbol.asyncDispose]())
  const clock = systemClock
  const parser = createLocalParser({ clock, maxPages: 5_000 })
  scope.defer(() => parser.close())
  const { MODELS_DIR: dir } = process.env
  const e5 = dir && !letters ? createE5({ models: createModels({ dir, clock }), clock }) : undefined
  scope.defer(() => e5?.close())
  const embeddings = around(e5 ?? createNgrams())
  const events = testEvents(database)
  scope.defer(() => events.stop())
  // The service asks the city for nothing else.
  const city = { readable: async ({ rooms }: { rooms: string[] }) => ({ rooms }) } as unknown as Client<
    typeof cityContract
  >
  const service = createKnowledge({
    db: database,
    events,
    files,
    own: files,
    openLink: () => Promise.reject(new Error('no internet here')),
    parser,
    ocr: [],
    embeddings: async () => embeddings,
    rerank: [lexicalRerank],
    city,
    clock,
    ids: createIds(clock),
  })
  return {
    service,
    embeddings,
    parser,
    events,
    async post(name, bytes) {
      const { sha256, sizeBytes } = await files.put(Readable.from([bytes]), { maxBytes: 1e8 })
      const { id, kind, name: author } = READER
      const data = {
        room: ROOM,
        message: `msg_${name}`,
        index: 0,
        attempt: 1,
        type: 'file' as const,
        file: { id: `file_${name}`, name, mime: '', sizeBytes, sha256 },
        author: { id, kind, name: author },
      }
      await database.kysely
        .transaction()
        .execute((tx) => events.append(tx, { type: partAdded, principal: id, data }))
    },
    async start() {
      await events.start()
      await service.start?.()
    },
    children: () =>
      [parser.state(), ...(e5 ? [e5.state()] : [])].flatMap(({ children }) => children.map(({ pid }) => pid)),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

/** The same text is embedded once, whatever is asked for it again. */
export function remembering(model: Embeddings, kept: Map<string, Float32Array>): Embeddings {
  const keyOf = (kind: string, text: string) =>
    createHash('sha1').update(`${model.model} ${kind} ${text}`).digest('base64')
  return {
    ...model,
    async embed(texts, options) {
      const keys = texts.map((text) => keyOf(options.kind, text))
      const missing = [...new Set(keys)].filter((key) => !kept.has(key))
      if (missing.length > 0) {
        const made = await model.embed(
          missing.map((key) => texts[keys.indexOf(key)] ?? ''),
          options,
        )
        for (const [i, key] of missing.entries()) kept.set(key, made[i] ?? new Float32Array())
      }
      return keys.map((key) => kept.get(key) ?? new Float32Array())
    },
  }
}
