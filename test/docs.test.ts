import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { catalogues, generatedPages } from '../bin/docs.ts'

const root = resolve(import.meta.dirname, '..')

test('the generated pages are what `npm run docs` writes', async () => {
  for (const [path, text] of Object.entries(await generatedPages()))
    expect(readFileSync(join(root, path), 'utf8') === text, `${path} is stale: npm run docs`).toBe(true)
})

test('every error has a sentence in both languages, with the same slots', async () => {
  const slots = (text: string) =>
    [...text.matchAll(/\{\w+\}/g)]
      .map(String)
      .sort((a, b) => a.localeCompare(b))
      .join()
  const all = await catalogues()
  expect(all.length).toBeGreaterThan(50)
  for (const [code, { en, uk }] of all) {
    expect(uk, code).toMatch(/[а-яґєії]/i)
    expect(slots(en), code).toBe(slots(uk))
  }
})

test('the README names only commands and variables that exist', async () => {
  const { VARIABLES } = await import('../src/config.ts')
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
  for (const file of ['README.md', 'README.uk.md', 'CONTRIBUTING.md']) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, name = ''] of text.matchAll(/npm run ([\w:-]+)/g))
      expect(Object.keys(scripts), `${file}: ${name}`).toContain(name)
    for (const [, name = ''] of text.matchAll(/`([A-Z][A-Z_]{3,})`/g))
      if (!/^(TEST_|CHROMIUM|SCHEMATHESIS|FIXTURES_DIR|PEER_|SERVICES)/.test(name))
        expect(Object.keys(VARIABLES), `${file}: ${name}`).toContain(name)
  }
})
