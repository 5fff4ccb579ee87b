import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
/** Lowest first. Folders on one line do not know each other. */
const LAYERS = [['kernel'], ['platform', 'engines'], ['services'], ['compose'], ['main.ts', 'cli']]
const PUBLIC = /^services\/[^/]+\/[^/]+\.(contract|events|errors|rights)\.ts$/
/** What commands may use besides contracts and the kernel. */
const CLI_MAY: Readonly<Record<string, RegExp>> = {
  'cli/start.ts': /^(main|config|compose)/,
  'cli/migrate.ts': /^(config|compose|platform\/)/,
  'cli/doctor.ts': /^(config|compose|platform\/|engines\/)/,
  'cli/models.ts': /^(config|engines\/models\/)/,
}
/** The reader of the environment stands beside compose: whatever is above services may read it. */
const top = (file: string) => (/^(compose|config)\b/.test(file) ? 'compose' : (file.split('/')[0] ?? ''))
const layer = (file: string) => LAYERS.findIndex((names) => names.includes(top(file)))
const serviceOf = (file: string) => /^services\/([^/]+)\//.exec(file)?.[1]

function importsOf(path: string): string[] {
  const source = readFileSync(path, 'utf8').replace(/^\s*\/?\*.*$/gm, '')
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, target = '']) =>
    resolve(dirname(path), target),
  )
}

/** Every breach of the house's rules under `src` and `web`, one line each. */
export function breaches(root: string): string[] {
  const src = join(root, 'src')
  const found: string[] = []
  for (const file of sources(src).filter((name) => !isTest(name)))
    for (const path of importsOf(join(src, file))) {
      const target = relative(src, path)
      const wrong = breach(file, target)
      if (wrong) found.push(`${file} -> ${target}: ${wrong}`)
    }
  const web = join(root, 'web/src')
  for (const file of sources(web))
    for (const path of importsOf(join(web, file))) {
      const target = relative(src, path)
      if (target.startsWith('..') || target.startsWith('kernel/') || PUBLIC.test(target)) continue
      found.push(`web/src/${file} -> ${target}: the web app sees contracts and the kernel alone`)
    }
  return found
}

const isTest = (file: string) => /\.(test|conformance|fixture)\.ts$/.test(file)

function sources(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name))
  } catch {
    return []
  }
}

function breach(file: string, target: string): string | undefined {
  if (layer(target) < 0) return 'is it in the house?'
  if (CLI_MAY[file]?.test(target)) return undefined
  if (layer(target) > layer(file)) return 'arrows point down'
  if (layer(target) === layer(file) && top(target) !== top(file))
    return 'folders of one layer do not know each other'
  if (serviceOf(file) && serviceOf(target) && serviceOf(file) !== serviceOf(target) && !PUBLIC.test(target))
    return 'services meet at contracts'
  if (top(file) === 'cli' && top(target) !== 'cli' && top(target) !== 'kernel' && !PUBLIC.test(target))
    return target === 'config.ts' ? undefined : 'commands talk through contracts'
  return undefined
}

test('every import keeps the rules of the house', () => {
  expect(sources(join(ROOT, 'src')).length).toBeGreaterThan(30)
  expect(breaches(ROOT)).toEqual([])
})

test.each([
  ['kernel/ids.ts', "import { x } from '../platform/logger.ts'", 'arrows point down'],
  ['platform/kv/kv.ts', "import { x } from '../../engines/stt/stt.ts'", 'do not know each other'],
  ['services/city/city.ts', "import { x } from '../auth/auth.store.ts'", 'services meet at contracts'],
  ['services/city/city.ts', "import { x } from '../../compose.ts'", 'arrows point down'],
  ['cli/user.ts', "import { x } from '../services/auth/auth.ts'", 'commands talk through contracts'],
])('a planted breach is found: %s', (file, line, reason) => {
  const root = mkdtempSync(join(tmpdir(), 'house-'))
  try {
    const path = join(root, 'src', file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${line}\n`)
    expect(breaches(root)).toEqual([expect.stringContaining(reason)])
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('a planted breach of the web app is found', () => {
  const root = mkdtempSync(join(tmpdir(), 'house-'))
  try {
    mkdirSync(join(root, 'web/src'), { recursive: true })
    writeFileSync(
      join(root, 'web/src/main.tsx'),
      "import { x } from '../../src/services/city/city.store.ts'\n",
    )
    expect(breaches(root)).toEqual([expect.stringContaining('the web app sees contracts')])
  } finally {
    rmSync(root, { recursive: true })
  }
})
