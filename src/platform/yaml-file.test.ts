import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { eventually } from '../../test/kit/eventually.ts'
import { checkYamlFile, openYamlFile } from './yaml-file.ts'

const Rules = z.strictObject({
  rules: z.array(z.strictObject({ name: z.string(), weight: z.number().int().default(1) })),
})
type Rules = z.infer<typeof Rules>
const EMPTY: Rules = { rules: [] }
const PATIENCE_MS = 30_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yaml-file-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let made = 0
async function open(text: string | null) {
  const path = join(folder, `rules-${made++}.yaml`)
  if (text !== null) await writeFile(path, text)
  const changes: Rules[] = []
  const file = await openYamlFile({
    path,
    schema: Rules,
    empty: EMPTY,
    lookMs: 20,
    onChange: (value) => void changes.push(value),
  })
  const names = () => file.current().rules.map(({ name }) => name)
  return { file, path, changes, names }
}

test('no file is an empty one; it is read when it comes, and when it is replaced by renaming', async () => {
  const { file, path, changes, names } = await open(null)
  try {
    expect([file.current(), file.problem()]).toEqual([EMPTY, null])
    await writeFile(path, 'rules:\n  - name: first\n')
    await eventually(() => expect(names()).toEqual(['first']), PATIENCE_MS)
    await writeFile(`${path}.swp`, 'rules:\n  - {name: second, weight: 3}\n')
    await rename(`${path}.swp`, path)
    await eventually(() => expect(names()).toEqual(['second']), PATIENCE_MS)
    await rm(path)
    await eventually(() => expect(file.current()).toBe(EMPTY), PATIENCE_MS)
    expect(changes.map(({ rules }) => rules.length)).toEqual([1, 1, 0])
  } finally {
    file.stop()
  }
})

test('a wrong edit is refused with its line and what would be right; the last good one stays until a right one comes', async () => {
  const { file, path, changes, names } = await open('rules:\n  - name: good\n')
  try {
    await writeFile(path, 'rules:\n  - name: good\n  - name: bad\n    weight: heavy\n    wieght: 1\n')
    await eventually(() => expect(file.problem()).not.toBeNull(), PATIENCE_MS)
    expect(file.problem()).toEqual({
      line: 4,
      message: `${path}:4: rules.1.weight: Invalid input: expected number, received string; line 5: rules.1: wieght is not known here; there are name, weight`,
    })
    expect(names()).toEqual(['good'])
    expect(checkYamlFile('rules', file)).toMatchObject({
      state: 'degraded',
      code: 'check.file_refused',
      detail: expect.stringContaining(':4: '),
    })
    await writeFile(path, 'rules:\n  - name: mended\n')
    await eventually(() => expect(names()).toEqual(['mended']), PATIENCE_MS)
    expect(checkYamlFile('rules', file)).toEqual({ name: 'rules', state: 'ok' })
    expect(changes).toHaveLength(1)
  } finally {
    file.stop()
  }
})

test.each([
  ['a broken line', 'rules:\n  - name: a\n bad\n', 3],
  ['a key twice', 'rules: []\nrules: []\n', 2],
  ['what is missing', 'rules:\n  - weight: 1\n', 2],
  ['aliases without end', `a: &a [x,x,x,x,x,x,x,x,x]\n${bomb()}`, null],
  ['too much', `# ${'x'.repeat(1024 * 1024)}`, null],
] as const)('%s is a problem, not a crash', async (_, text, line) => {
  const { file } = await open(text)
  file.stop()
  expect(file.problem()?.line).toBe(line)
  expect(file.current()).toBe(EMPTY)
})

test('what stands behind an alias has its line, and what cannot be read says so', async () => {
  const { file } = await open('rules:\n  - &one\n    name: 7\n  - *one\n')
  file.stop()
  expect(file.problem()?.line).toBe(3)
  const unreadable = await openYamlFile({ path: folder, schema: Rules, empty: EMPTY })
  unreadable.stop()
  expect(unreadable.problem()?.message).toContain('EISDIR')
})

function bomb(): string {
  const names = 'abcdefgh'.split('')
  return names
    .slice(1)
    .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${names[i]}`).join(',')}]`)
    .join('\n')
}
