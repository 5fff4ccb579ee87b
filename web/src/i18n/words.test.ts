import { describe, expect, test } from 'vitest'
import { en } from './en.ts'
import { uk } from './uk.ts'

type Tree = { readonly [key: string]: string | readonly string[] | Tree }

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] => {
    const at = path ? `${path}.${key}` : key
    if (typeof value === 'string') return [[at, value]]
    return Array.isArray(value) ? [[at, value.join('|')]] : leaves(value as Tree, at)
  })
}
const base = (key: string) => key.replace(/_(one|few|many|other)$/, '_*')
const slots = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g) ?? [])].sort()

describe('words', () => {
  const ukrainian = leaves(uk)
  const english = leaves(en)

  test('both languages say the same things', () => {
    const keys = (all: [string, string][]) => [...new Set(all.map(([key]) => base(key)))].sort()
    expect(keys(english)).toEqual(keys(ukrainian))
  })

  test('nothing is left empty', () => {
    for (const [key, text] of [...ukrainian, ...english]) expect(text, key).not.toBe('')
  })

  test('a plural has every form its language needs', () => {
    const forms = (all: [string, string][], needed: string[]) => {
      const keys = new Set(all.map(([key]) => key))
      for (const key of keys)
        if (/_(one|few|many|other)$/.test(key))
          for (const form of needed) expect(keys, base(key)).toContain(key.replace(/_\w+$/, `_${form}`))
    }
    forms(ukrainian, ['one', 'few', 'many', 'other'])
    forms(english, ['one', 'other'])
  })

  test('a sentence has the same slots in both languages', () => {
    const plain = (all: [string, string][]) => new Map(all.filter(([key]) => base(key) === key))
    const other = plain(english)
    for (const [key, text] of plain(ukrainian)) expect(slots(other.get(key) ?? ''), key).toEqual(slots(text))
  })
})
