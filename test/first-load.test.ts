import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { firstEn } from '../web/src/i18n/en.first.ts'
import { en } from '../web/src/i18n/en.ts'
import { built } from './kit/city.ts'

const dist = resolve(import.meta.dirname, '../web/dist')
const LIMIT_BYTES = 200_000
const ROOM = 'src/features/city/room-page.tsx'

interface Piece {
  readonly file: string
  readonly imports?: readonly string[]
}
type Manifest = Readonly<Record<string, Piece>>

/** The scripts that a browser has fetched when a room stands: what the page and its route import, and the words of one language. */
function scriptsOf(manifest: Manifest, words: string): string[] {
  const found = new Map<string, string>()
  const ahead = ['index.html', ROOM, words]
  for (let key = ahead.pop(); key !== undefined; key = ahead.pop()) {
    if (found.has(key)) continue
    const piece = manifest[key]
    if (!piece) throw new Error(`the build has no ${key}`)
    found.set(key, piece.file)
    ahead.push(...(piece.imports ?? []))
  }
  return [...new Set(found.values())].filter((file) => file.endsWith('.js'))
}

describe('the first load of a room', () => {
  let manifest: Manifest
  beforeAll(async () => {
    await built()
    manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
  })

  test.each(['uk', 'en'])('weighs at most 200 kB of compressed script in %s', (language) => {
    const sizes = scriptsOf(manifest, `src/i18n/${language}.first.ts`)
      .map((file) => ({ file, bytes: readFileSync(join(dist, `${file}.br`)).length }))
      .sort((a, b) => b.bytes - a.bytes)
    const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
    const largest = sizes.slice(0, 8).map(({ file, bytes }) => `${bytes} ${file}`)
    expect(total, `the largest:\n${largest.join('\n')}\n`).toBeLessThanOrEqual(LIMIT_BYTES)
  })

  test('says nothing in words that come later', () => {
    const late = Object.keys(en).filter((feature) => !(feature in firstEn))
    expect(late).not.toEqual([])
    // A call with the key as its first argument is `t`; rights and codes of failures are not called so.
    const words = new RegExp(`(?<!\\.exists)\\(\`(?:${late.join('|')})\\.[\\w.]+\`[,)]`, 'g')
    for (const file of scriptsOf(manifest, 'src/i18n/en.first.ts'))
      expect(readFileSync(join(dist, file), 'utf8').match(words) ?? [], file).toEqual([])
  })
})
