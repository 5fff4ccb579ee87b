import type { z } from 'zod'
import { vectorsError } from '../../engines/vectors/vectors.errors.ts'
import type { Point, Vectors } from '../../engines/vectors/vectors.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Made, Workshop } from './artefacts.ts'
import type { Caller } from './caller.ts'
import type { Benches } from './engine-set.ts'
import type { Ledger } from './ledger.ts'
import type { Meter } from './meter.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import type { VectorWork } from './multimodal-gateway.tables.ts'
import type { VectorCollection, VectorPoint, vectorOperations } from './vectors.contract.ts'
import type { Kept, VectorShelf } from './vectors.store.ts'

export interface VectorDoorNeeds {
  readonly benches: Pick<Benches, 'vectors' | 'embeddings'>
  readonly workshop: Pick<Workshop, 'make'>
  readonly ledger: Ledger
  readonly measure: Meter
  readonly shelf: VectorShelf
  readonly clock: Clock
  /** Points of one owner. */
  readonly mostPoints: number
}

type Asker = Pick<Caller, 'payer' | 'signal'> & { readonly owner: string }
type Input<K extends keyof typeof vectorOperations> = z.output<(typeof vectorOperations)[K]['input']>
type Answer<K extends keyof typeof vectorOperations> = Promise<
  z.input<(typeof vectorOperations)[K]['output']>
>

export type VectorDoors = ReturnType<typeof createVectorDoors>

/** Collections of vectors with an owner: what is another's is not there. Every question to the store waits for its turn; points put in and searches are counted against budgets before they are made. */
export function createVectorDoors(needs: VectorDoorNeeds) {
  const { benches, clock, ledger, measure, mostPoints, shelf, workshop } = needs
  const { cooldown, lane } = benches.vectors

  /** Asks the store when it is this asker's turn. */
  const ask = async <T>(
    asker: Pick<Asker, 'payer' | 'signal'>,
    work: (store: Vectors) => Promise<T>,
  ): Promise<T> => {
    const store = storeOf(benches)
    const { payer, signal } = asker
    return await lane.run(() => told(store, work), { signal, share: payer.key ?? payer.principal ?? '' })
  }
  const told = async <T>(store: Vectors, work: (store: Vectors) => Promise<T>): Promise<T> => {
    try {
      const result = await work(store)
      cooldown.worked(store.name)
      return result
    } catch (cause) {
      const { code, kind, retryable } = AppError.from(cause)
      if (code !== 'call.cancelled' && (retryable || kind === 'upstream')) cooldown.failed(store.name)
      throw cause
    }
  }
  /** Counts and times work, within what may be used. */
  const paid = async <R extends object>(
    type: VectorWork,
    { payer, signal }: Asker,
    amount: number,
    work: (store: Vectors) => Promise<R>,
  ): Promise<Made<R>> =>
    await measure(type, async () => {
      const began = clock.now()
      const hold = await ledger.reserve({ payer, type, unit: 'vectors', amount, bytes: 0 })
      try {
        const { name } = storeOf(benches)
        const result = await ask({ payer, signal }, work)
        await hold.settle({ engine: name, amount, ms: clock.now() - began })
        return { result, driver: name, unit: 'vectors', amount, cached: false }
      } catch (cause) {
        await hold.release()
        throw cause
      }
    })

  /** The collection itself, where an alias is named. */
  const target = async (asker: Asker, name: string): Promise<Kept> => {
    const kept = await shelf.find(asker.owner, name)
    if (!kept.alias) return kept
    const about = await ask(asker, (store) => store.about(kept.id, asker.signal))
    const found = about && (await shelf.byId(about.collection))
    if (!found) throw vectorsError('vectors.not_found')
    return found
  }
  const shown = async (asker: Asker, kept: Kept): Promise<VectorCollection> => {
    const collection = kept.alias ? await target(asker, kept.name) : kept
    const { dimensions, distance, model } = collection
    return {
      name: kept.name,
      aliasOf: kept.alias ? collection.name : null,
      dimensions: dimensions ?? 0,
      distance: distance ?? 'cosine',
      model,
      createdAt: kept.created_at.toISOString(),
    }
  }
  /** Texts in the model of a collection; what another model says of them would compare with nothing there. */
  const embed = async (
    texts: readonly string[],
    kind: 'query' | 'passage',
    { model }: Pick<Kept, 'model'>,
    { payer, signal }: Asker,
  ): Promise<Float32Array[]> => {
    if (model === null) throw gatewayError('gateway.vectors_alone')
    const { result } = await workshop.make('embed', null, { texts, kind }, { payer, signal })
    if (result.model !== model) throw gatewayError('gateway.vectors_model', { model, other: result.model })
    return result.vectors.map((numbers) => Float32Array.from(numbers))
  }
  const pointsOf = async (
    points: readonly VectorPoint[],
    collection: Kept,
    asker: Asker,
  ): Promise<Point[]> => {
    const bare = points.filter(({ vector }) => !vector)
    const texts = bare.map(({ id, text }) => {
      if (text === undefined) throw gatewayError('gateway.vectors_empty', { id })
      return text
    })
    const made = texts.length > 0 ? await embed(texts, 'passage', collection, asker) : []
    const byText = new Map(bare.map((point, i) => [point, made[i]]))
    return points.map((point) => ({
      id: point.id,
      text: point.text ?? null,
      payload: point.payload,
      vector: point.vector ? Float32Array.from(point.vector) : (byText.get(point) ?? new Float32Array()),
    }))
  }
  /** Room for so many more; what is full by the sum of all that was ever put in is counted anew. */
  const makeRoom = async (asker: Asker, id: string, count: number): Promise<void> => {
    const { owner } = asker
    if (await shelf.reserve(owner, id, count)) return
    for (const { id: each, points } of await shelf.counted(owner)) {
      const real = await ask(asker, (store) => store.count(each, undefined, asker.signal))
      if (real !== points) await shelf.recount(each, real - points)
    }
    if (!(await shelf.reserve(owner, id, count)))
      throw gatewayError('gateway.vectors_full', { limit: mostPoints })
  }
  /** Takes out of the store what nobody has any more. */
  const clear = async (gone: Pick<Kept, 'id' | 'alias'>): Promise<void> => {
    const store = storeOf(benches)
    await (gone.alias ? store.unalias(gone.id) : store.drop(gone.id))
    await shelf.forget(gone.id)
  }

  return {
    async list(asker: Asker): Answer<'vectorCollections'> {
      const items: VectorCollection[] = []
      for (const kept of await shelf.list(asker.owner)) items.push(await shown(asker, kept))
      return { items }
    },

    async make(
      { filtered, name, ...wish }: Input<'makeVectorCollection'>,
      asker: Asker,
    ): Answer<'makeVectorCollection'> {
      const space = {
        ...(wish.dimensions ? own(wish.dimensions, wish.model) : await ofEngine(benches)),
        distance: wish.distance,
      }
      const kept = await shelf.begin(asker.owner, { name, alias: false, ...space })
      try {
        await ask(asker, (store) => store.create(kept.id, space, { filtered, signal: asker.signal }))
      } catch (cause) {
        await shelf.going([kept.id])
        throw cause
      }
      await shelf.ready(kept.id)
      return await shown(asker, kept)
    },

    async about({ collection }: Input<'vectorCollection'>, asker: Asker): Answer<'vectorCollection'> {
      const kept = await shelf.find(asker.owner, collection)
      const points = await ask(asker, (store) => store.count(kept.id, undefined, asker.signal))
      return { ...(await shown(asker, kept)), points }
    },

    async remove(
      { collection }: Input<'removeVectorCollection'>,
      asker: Asker,
    ): Answer<'removeVectorCollection'> {
      const kept = await shelf.find(asker.owner, collection)
      const gone: Kept[] = []
      if (!kept.alias)
        for (const one of (await shelf.list(asker.owner)).filter(({ alias }) => alias)) {
          const about = await ask(asker, (store) => store.about(one.id, asker.signal))
          if (!about || about.collection === kept.id) gone.push(one)
        }
      gone.push(kept)
      await shelf.going(gone.map(({ id }) => id))
      // What fails here is taken away by the next sweep.
      for (const one of gone) await ask(asker, () => clear(one)).catch(() => undefined)
      return {}
    },

    /** What it took is told beside. */
    async put(
      { collection, points }: Input<'putVectors'>,
      asker: Asker,
    ): Promise<Made<{ stored: number; engine: string }>> {
      const kept = await target(asker, collection)
      const ready = await pointsOf(points, kept, asker)
      await makeRoom(asker, kept.id, ready.length)
      return await paid('vectors_put', asker, ready.length, async (store) => {
        await store.upsert(kept.id, ready, asker.signal)
        return { stored: new Set(ready.map(({ id }) => id)).size, engine: store.name }
      })
    },

    async take({ collection, filter, ids }: Input<'removeVectors'>, asker: Asker): Answer<'removeVectors'> {
      if ((ids === undefined) === (filter === undefined))
        throw kernelError('input.invalid', { detail: 'either ids or filter' })
      const kept = await target(asker, collection)
      await ask(asker, (store) => store.remove(kept.id, ids ?? filter ?? {}, asker.signal))
      return {}
    },

    /** What it took is told beside. */
    async search(input: Input<'searchVectors'>, asker: Asker) {
      const { collection, filter, hybrid, limit, text, vector } = input
      if (!vector && !text) throw kernelError('input.invalid', { detail: 'either vector or text' })
      const kept = await (vector ? shelf.find(asker.owner, collection) : target(asker, collection))
      const [query] = vector ? [Float32Array.from(vector)] : await embed([text ?? ''], 'query', kept, asker)
      return await paid('vectors_search', asker, 1, async (store) => {
        const question = { vector: query, words: hybrid ? text : undefined, filter, limit }
        const items = await store.search(kept.id, { ...question, signal: asker.signal })
        return { engine: store.name, items: items.map((hit) => ({ ...hit, payload: { ...hit.payload } })) }
      })
    },

    async scroll(
      { collection, vectors, ...page }: Input<'scrollVectors'>,
      asker: Asker,
    ): Answer<'scrollVectors'> {
      const kept = await shelf.find(asker.owner, collection)
      const asked = { ...page, signal: asker.signal }
      const { items, next } = await ask(asker, (store) => store.scroll(kept.id, asked))
      return {
        next,
        items: items.map(({ id, payload, text, vector }) => ({
          ...{ id, text, payload: { ...payload } },
          ...(vectors && { vector: [...vector] }),
        })),
      }
    },

    async count({ collection, filter }: Input<'countVectors'>, asker: Asker): Answer<'countVectors'> {
      const kept = await shelf.find(asker.owner, collection)
      return { count: await ask(asker, (store) => store.count(kept.id, filter, asker.signal)) }
    },

    async alias({ alias, collection }: Input<'aliasVectors'>, asker: Asker): Answer<'aliasVectors'> {
      const { owner, signal } = asker
      const kept = await target(asker, collection)
      const known = (await shelf.list(owner)).find(({ name }) => name === alias)
      if (known && !known.alias) throw vectorsError('vectors.exists')
      const row =
        known ??
        (await shelf.begin(owner, {
          name: alias,
          alias: true,
          dimensions: null,
          distance: null,
          model: null,
        }))
      try {
        await ask(asker, (store) => store.alias(row.id, kept.id, signal))
      } catch (cause) {
        if (!known) await shelf.going([row.id])
        throw cause
      }
      if (!known) await shelf.ready(row.id)
      return await shown(asker, row)
    },

    /** Takes away what was left half made or half removed. */
    async sweep(): Promise<void> {
      for (const one of await shelf.leftovers()) await clear(one)
    },

    /** Takes away all that somebody had. */
    async forget(owner: string): Promise<void> {
      for (const one of await shelf.ofOwner(owner)) await clear(one)
    },
  }
}

const storeOf = (benches: Pick<Benches, 'vectors'>): Vectors => {
  const [store] = benches.vectors.drivers()
  if (!store) throw kernelError('internal')
  return store
}

const own = (dimensions: number, model: string | undefined) => ({ dimensions, model: model ?? null })

/** What the first embeddings engine that is able gives. */
async function ofEngine({
  embeddings,
}: Pick<Benches, 'embeddings'>): Promise<{ dimensions: number; model: string }> {
  let why: Error | null = null
  for (const engine of embeddings.drivers()) {
    const lack = await engine.missing()
    if (!lack) return { dimensions: engine.dimensions, model: engine.model }
    why ??= lack
  }
  throw why ?? kernelError('internal')
}
