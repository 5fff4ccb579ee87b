import { gunzipSync } from 'node:zlib'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'
import { openPostgres } from '../src/platform/database/postgres.ts'
import { startCity, temporaryFolder } from './kit/city.ts'
import { grepTables } from './kit/grep-tables.ts'
import { scratchPostgres } from './kit/postgres.ts'
import { firstOwner, newcomer, until } from './kit/resident.ts'

const { TEST_DATABASE_URL: server = '', TEST_NATS_URL: nats = '' } = process.env
/** A word that nothing else holds, in its basic form. */
const SECRET = 'жовтобрюхобородник'

describe.skipIf(server === '')('a deleted secret', () => {
  it('is found nowhere in the whole city: not in runs, documents, vectors, search, envelopes or answers', async () => {
    using folder = temporaryFolder()
    await using scratch = await scratchPostgres(server)
    const space = `erasure_${process.pid}_${Date.now()}`
    await using stream = await openStream(nats, `${space}_events`)
    await using city = await startCity({
      DATA_DIR: folder.path,
      DATABASE_URL: scratch.url.reveal(),
      ...(nats && { NATS_URL: nats, CITY_SPACE: space }),
    })
    const owner = await firstOwner(city)
    const taras = await newcomer(owner, 'Тарас')
    const { id: room } = await owner.city.openRoom({ name: 'Таємниці', visibility: 'public' })
    await using database = await openPostgres({ url: scratch.url })
    const where = () => grepTables(database.kysely as never, SECRET)

    const bytes = new TextEncoder().encode(`Пароль від підвалу: ${SECRET}. Нікому не казати.\n`)
    const upload = await taras.uploadBytes(bytes, `${SECRET}.txt`, 'text/plain')
    const { id: file } = upload.body as { id: string }
    const paper = await taras.say(room, '', [{ type: 'file', file }])
    await until(
      () => taras.city.message({ room, message: paper.id }),
      ({ parts }) => parts[0]?.state === 'done',
      'the document',
    )
    const asked = await taras.say(room, `@daarwizz який пароль? здається, ${SECRET}`)
    const answered = async () =>
      (await taras.city.messages({ room })).items.find((message) => message.replyTo === asked.id)
    await until(answered, (message) => message !== undefined, 'the answer')
    const said = await taras.say(room, `ще раз: ${SECRET}`)
    await taras.city.edit({ message: said.id, text: 'нічого' })
    await taras.city.forward({ message: asked.id, room: 'square', clientId: 'forward' })
    // Planted, or the rest would prove nothing.
    const indexed = (tables: string[]) => tables.some((table) => table.startsWith('city.search'))
    await until(where, indexed, 'the index')
    const planted = await where()
    for (const table of ['city.message', 'city.edit', 'agents.run', 'knowledge.chunk', 'events.delivery'])
      expect(planted).toContain(table)
    if (nats) expect(await stream.holds(SECRET)).toBe(true)

    for (const { id } of [paper, asked, said]) await taras.city.remove({ message: id })
    const left = await until(where, (tables) => tables.length === 0, 'nothing left', 25_000).catch(where)
    expect(left).toEqual([])
    await until(
      () => stream.holds(SECRET),
      (holds) => !holds,
      'the stream to forget',
      60_000,
    )
    const log = await taras.city.events({ room, after: 0, limit: 500 })
    expect(log.items.map(({ seq }) => seq)).toEqual(log.items.map((_, i) => i + 1))
  }, 150_000)
})

/** What JetStream keeps of a city's events, where there is one. Deletes it at the end. */
async function openStream(url: string, name: string) {
  if (url === '') return { holds: async () => false, async [Symbol.asyncDispose]() {} }
  const line = await connect({ servers: url })
  const { streams } = await jetstreamManager(line)
  return {
    async holds(word: string): Promise<boolean> {
      const { state } = await streams.info(name)
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await streams.getMessage(name, { seq }).catch(() => null)
        if (message && decode(message.data, message.header).includes(word)) return true
      }
      return false
    },
    async [Symbol.asyncDispose]() {
      await streams.delete(name).catch(() => undefined)
      await line.close()
    },
  }
}

const decode = (data: Uint8Array, head: { get(name: string): string }): string =>
  (head.get('Content-Encoding') === 'gzip' ? gunzipSync(data) : Buffer.from(data)).toString('utf8')
