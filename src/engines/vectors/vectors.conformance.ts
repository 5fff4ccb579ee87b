import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import type { Distance, Filter, Point, Vectors } from './vectors.ts'

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (cause: unknown) => AppError.from(cause).code,
  )
const vector = (...numbers: number[]) => Float32Array.from(numbers)
const at = (
  id: string,
  numbers: number[],
  payload: Point['payload'] = {},
  text: string | null = null,
): Point => ({
  id,
  vector: vector(...numbers),
  text,
  payload,
})
const names = (hits: readonly { id: string }[]) => hits.map(({ id }) => id)

/** What every store of vectors does. Who calls closes it. */
export function vectorsConformance(subject: () => Vectors): void {
  let name: string
  let made: number
  const other = () => `${name}_${++made}`
  beforeEach(async () => {
    name = `c_${randomUUID().replaceAll('-', '')}`
    made = 0
  })
  const make = (collection: string, distance: Distance = 'cosine', dimensions = 3) =>
    subject().create(collection, { dimensions, distance, model: 'test/1' })

  test('is able; makes a collection, tells of it, and takes it away', async () => {
    expect(await subject().missing()).toBeNull()
    expect(await subject().about(name)).toBeNull()
    await subject().create(name, { dimensions: 3, distance: 'dot', model: null }, { filtered: ['room'] })
    expect(await subject().about(name)).toEqual({
      collection: name,
      dimensions: 3,
      distance: 'dot',
      model: null,
    })
    expect(await codeOf(make(name))).toBe('vectors.exists')
    await make(other())
    expect(await subject().about(`${name}_1`)).toMatchObject({ model: 'test/1', distance: 'cosine' })
    await subject().drop(name)
    await subject().drop(name)
    expect(await subject().about(name)).toBeNull()
    expect(await subject().count(`${name}_1`)).toBe(0)
  })

  test('what is not there is said to be so, by each', async () => {
    const all = [
      subject().upsert(name, [at('a', [1, 0, 0])]),
      subject().remove(name, ['a']),
      subject().remove(name, { all: [{ field: 'a', in: [1] }] }),
      subject().search(name, { vector: vector(1, 0, 0), limit: 1 }),
      subject().scroll(name, { limit: 1 }),
      subject().count(name),
      subject().alias(other(), name),
    ]
    expect(await Promise.all(all.map(codeOf))).toEqual(all.map(() => 'vectors.not_found'))
  })

  test.each([
    ['cosine', ['b', 'a', 'c'], 1],
    ['dot', ['c', 'b', 'a'], 8],
    ['euclid', ['b', 'a', 'c'], 0],
  ] as const)('the nearest first by %s, and how near', async (distance, order, best) => {
    await make(name, distance)
    await subject().upsert(name, [
      at('a', [1, 0.5, 0]),
      at('b', [2, 0, 0]),
      at('c', [4, 8, 0], { kept: ['as', { it: 'is' }] }, 'слова'),
    ])
    const hits = await subject().search(name, { vector: vector(2, 0, 0), limit: 10 })
    expect(names(hits)).toEqual(order)
    expect(hits[0]?.score).toBeCloseTo(best, 3)
    expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).toSorted((x, y) => y - x))
    expect(hits.find(({ id }) => id === 'c')).toMatchObject({
      payload: { kept: ['as', { it: 'is' }] },
      text: 'слова',
    })
    expect(await subject().search(name, { vector: vector(2, 0, 0), limit: 1 })).toHaveLength(1)
    expect(await subject().search(name, { limit: 1 })).toEqual([])
  })

  test('an id that comes again takes the place of the older, also within one call', async () => {
    await make(name)
    await subject().upsert(name, [at('a', [1, 0, 0], { v: 1 }), at('a', [0, 1, 0], { v: 2 })])
    expect(await subject().search(name, { vector: vector(0, 1, 0), limit: 5 })).toMatchObject([
      { payload: { v: 2 } },
    ])
    await subject().upsert(name, [at('a', [0, 0, 1], { v: 3 }, 'третя')])
    expect(await subject().search(name, { vector: vector(0, 0, 1), words: 'третя', limit: 5 })).toMatchObject(
      [{ payload: { v: 3 } }],
    )
    expect(await subject().count(name)).toBe(1)
    await subject().upsert(name, [])
  })

  test('what does not fit is refused, in points and in questions', async () => {
    await make(name)
    const wrong = {
      'too few numbers': [1, 0],
      'too many': [1, 0, 0, 0],
      'no number': [Number.NaN, 0, 0],
      'more than there is': [Number.POSITIVE_INFINITY, 0, 0],
      'no direction': [0, 0, 0],
    }
    for (const [what, numbers] of Object.entries(wrong)) {
      const points = [at('ok', [1, 0, 0]), at('a', numbers)]
      expect(await codeOf(subject().upsert(name, points)), what).toBe('vectors.bad_vector')
      const question = { vector: vector(...numbers), limit: 1 }
      expect(await codeOf(subject().search(name, question)), what).toBe('vectors.bad_vector')
    }
    expect(await subject().count(name)).toBe(0)
  })

  const POINTS = [
    at('open', [1, 0, 0], { room: 'r1', at: 5, tags: ['x', 'y'], on: true }),
    at('other', [0.9, 0.1, 0], { room: 'r2', at: 7.5, tags: ['y'], on: false }),
    at('bare', [0.8, 0.2, 0]),
    at('odd', [0.7, 0.3, 0], { room: 5, at: '5', tags: 'x', on: 'true' }),
  ]
  const FILTERS: readonly [string, Filter, string[]][] = [
    ['one of several', { all: [{ field: 'room', in: ['r1', 'r3'] }] }, ['open']],
    ['none at all', { all: [{ field: 'room', in: [] }] }, []],
    ['a number is no text', { all: [{ field: 'room', in: [5] }] }, ['odd']],
    ['a text is no number', { all: [{ field: 'at', in: ['5'] }] }, ['odd']],
    ['a truth', { all: [{ field: 'on', in: [true] }] }, ['open']],
    ['in a list or alone', { all: [{ field: 'tags', in: ['x'] }] }, ['odd', 'open']],
    ['a span', { all: [{ field: 'at', from: 5, to: 7 }] }, ['open']],
    ['from', { all: [{ field: 'at', from: 5.5 }] }, ['other']],
    ['a number of any size', { all: [{ field: 'at' }] }, ['open', 'other']],
    [
      'both',
      {
        all: [
          { field: 'tags', in: ['y'] },
          { field: 'on', in: [false] },
        ],
      },
      ['other'],
    ],
    [
      'either',
      {
        any: [
          { field: 'at', to: 6 },
          { field: 'room', in: [5] },
        ],
      },
      ['odd', 'open'],
    ],
    ['none of', { none: [{ field: 'room', in: ['r1'] }] }, ['bare', 'odd', 'other']],
    [
      'all together',
      {
        all: [{ field: 'tags', in: ['y'] }],
        any: [{ field: 'room', in: ['r1', 'r2'] }],
        none: [{ field: 'at', to: 6 }],
      },
      ['other'],
    ],
    [
      'of many',
      { all: [{ field: 'room', in: Array.from({ length: 300 }, (_, i) => `r${i + 2}`) }] },
      ['other'],
    ],
    [
      'of many, in a list',
      { all: [{ field: 'tags', in: [...Array.from({ length: 300 }, (_, i) => `z${i}`), 'x'] }] },
      ['odd', 'open'],
    ],
    ['nothing asked', {}, ['bare', 'odd', 'open', 'other']],
  ]

  test('filters let through what they name, wherever they are asked', async () => {
    await make(name)
    await subject().upsert(name, POINTS)
    for (const [what, filter, expected] of FILTERS) {
      const hits = await subject().search(name, { vector: vector(1, 0, 0), filter, limit: 10 })
      expect(names(hits).sort(), what).toEqual(expected)
      const { items } = await subject().scroll(name, { filter, limit: 10 })
      expect(names(items).sort(), what).toEqual(expected)
      expect(await subject().count(name, filter), what).toBe(expected.length)
    }
    await subject().remove(name, { none: [{ field: 'room', in: ['r1'] }] })
    expect(names((await subject().scroll(name, { limit: 10 })).items)).toEqual(['open'])
    await subject().remove(name, {})
    expect(await subject().count(name)).toBe(0)
  })

  test('a filter with a field of another kind, or beyond all measure, is refused', async () => {
    await make(name)
    const wrong: Filter[] = [
      { all: [{ field: "x' or true", in: ['y'] }] },
      { any: [{ field: 'a.b', in: ['y'] }] },
      { none: [{ field: 'x', in: Array.from({ length: 1001 }, String) }] },
    ]
    for (const filter of wrong) expect(await codeOf(subject().count(name, filter))).toBe('vectors.bad_filter')
  })

  test('words: any of them, the rarer weighs more; with a vector both rankings are blended', async () => {
    await make(name)
    await subject().upsert(name, [
      at('near', [1, 0, 0], { room: 'r1' }, 'Оголошення про ярмарок'),
      at('both', [0.8, 0.2, 0], { room: 'r1' }, 'Оголошення: воду вимкнуть'),
      at('words', [0, 0, 1], { room: 'r2' }, 'Оголошення: воду вимкнуть у вівторок'),
      at('none', [0.1, 0.9, 0], { room: 'r1' }),
    ])
    const byWords = await subject().search(name, { words: 'оголошення про вівторок', limit: 3 })
    expect(names(byWords)[0]).toBe('words')
    expect(names(byWords)).toHaveLength(3)
    const asked = { vector: vector(1, 0, 0), words: 'коли вимкнуть воду', limit: 4 }
    expect(names(await subject().search(name, asked))[0]).toBe('both')
    const room = { all: [{ field: 'room', in: ['r2'] }] }
    expect(names(await subject().search(name, { ...asked, filter: room }))).toEqual(['words'])
    expect(await subject().search(name, { words: "нема' | !", limit: 4 })).toEqual([])
  })

  test('scrolling meets every point once, whatever the steps, and brings its vector', async () => {
    await make(name, 'euclid')
    const all = Array.from({ length: 23 }, (_, i) => at(`точка ${i}`, [i, 0.5, 0], { i }))
    await subject().upsert(name, all)
    const met: Point[] = []
    for (let after: string | undefined, turn = 0; turn < 10; turn++) {
      const page = await subject().scroll(name, { after, limit: 5 })
      met.push(...page.items)
      if (page.next === null) break
      after = page.next
    }
    expect(names(met).sort()).toEqual(names(all).sort())
    expect(met.find(({ id }) => id === 'точка 7')).toMatchObject({
      payload: { i: 7 },
      vector: vector(7, 0.5, 0),
    })
  })

  test('takes away by id; what is not there is taken away already', async () => {
    await make(name)
    await subject().upsert(name, POINTS)
    await subject().remove(name, ['open', 'nobody'])
    expect(names(await subject().search(name, { vector: vector(1, 0, 0), limit: 9 }))).toEqual([
      'other',
      'bare',
      'odd',
    ])
  })

  test('an alias moves from one collection to another while it is asked, and never answers with neither', async () => {
    const [older, newer, alias] = [other(), other(), other()]
    await make(older)
    await make(newer, 'cosine', 2)
    await subject().upsert(older, [at('older', [1, 0, 0])])
    await subject().upsert(newer, [at('newer', [1, 0])])
    await subject().alias(alias, older)
    expect(await subject().about(alias)).toMatchObject({ collection: older, dimensions: 3 })
    expect(names(await subject().search(alias, { vector: vector(1, 0, 0), limit: 1 }))).toEqual(['older'])
    let over = false
    const seen = new Set<string>()
    const ask = async () => {
      while (!over) for (const { id } of (await subject().scroll(alias, { limit: 5 })).items) seen.add(id)
    }
    const asking = ask()
    for (let turn = 0; turn < 10; turn++) await subject().alias(alias, turn % 2 === 0 ? newer : older)
    await subject().alias(alias, newer)
    over = true
    await asking
    expect(names(await subject().search(alias, { vector: vector(1, 0), limit: 1 }))).toEqual(['newer'])
    await subject().drop(older)
    expect(await subject().count(alias)).toBe(1)
    expect(await codeOf(subject().alias(newer, newer))).toBe('vectors.exists')
    expect(await codeOf(make(alias))).toBe('vectors.exists')
    expect([...seen].every((id) => id === 'older' || id === 'newer')).toBe(true)
    await subject().unalias(alias)
    await subject().unalias(alias)
    expect(await codeOf(subject().count(alias))).toBe('vectors.not_found')
    expect(await subject().count(newer)).toBe(1)
    await subject().alias(alias, newer)
    await subject().drop(newer)
    expect(await subject().about(alias)).toBeNull()
  })

  test('stops when it is told to', async () => {
    await make(name)
    const signal = AbortSignal.abort()
    expect(await codeOf(subject().search(name, { vector: vector(1, 0, 0), limit: 1, signal }))).toBe(
      'call.cancelled',
    )
    expect(await codeOf(subject().upsert(name, [at('a', [1, 0, 0])], signal))).toBe('call.cancelled')
  })

  test('ten askers and writers at once: each point is there in the end, once', async () => {
    await make(name)
    const batch = (k: number) =>
      Array.from({ length: 20 }, (_, i) => at(`p${(i * 7 + k) % 20}`, [1, i, k], { k }))
    await Promise.all([
      ...Array.from({ length: 5 }, (_, k) => subject().upsert(name, batch(k))),
      ...Array.from({ length: 5 }, () => subject().search(name, { vector: vector(1, 1, 0), limit: 5 })),
    ])
    expect(await subject().count(name)).toBe(20)
  })
}
