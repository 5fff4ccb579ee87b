import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Secret } from '../../kernel/secret.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { openYamlFile } from '../../platform/yaml-file.ts'
import { llmProxyContract } from './llm-proxy.contract.ts'
import { createLlmProxy, type LlmProxy } from './llm-proxy.ts'
import { ModelsFile, NO_MODELS } from './models-file.ts'
import { providersWith } from './providers.ts'

const owner: Principal = { id: 'usr_owner', kind: 'person', name: 'O', role: 'owner' }
const admin: Principal = { ...owner, id: 'usr_admin', role: 'admin' }
const olia: Principal = { ...owner, id: 'usr_olia', role: 'resident' }

async function city() {
  const folder = await mkdtemp(join(tmpdir(), 'models-'))
  const provider = await openAiServer({ key: 'sk-very-secret' })
  const path = join(folder, 'models.yaml')
  const text = `providers:
  p: { url: "${provider.url}", key: P_KEY }
models:
  m: { provider: p, capabilities: [tools], context: 9000, price: { input: 1, output: 2 } }
aliases:
  city: { use: [{ model: m, weight: 2 }, librarian], retry_s: 0 }
`
  await writeFile(path, text)
  let proxy: LlmProxy | undefined
  const file = await openYamlFile({
    path,
    schema: ModelsFile,
    empty: NO_MODELS,
    onChange: (models) => proxy?.reload(models),
    lookMs: 20,
  })
  const metrics = createMetrics()
  proxy = createLlmProxy({
    engines: [librarian({ clock: systemClock, ids: createIds(systemClock) })],
    file,
    path,
    metrics,
    open: providersWith(() => new Secret('sk-very-secret')),
  })
  const stop = proxy.stop
  return {
    provider,
    path,
    text,
    metrics,
    client: local(llmProxyContract, proxy.handlers, 'test'),
    async [Symbol.asyncDispose]() {
      file.stop()
      await stop?.()
      await provider[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

test('those who run the city see how each model is doing, test one, and are never told a key', async () => {
  await using set = await city()
  const shown = () => set.client.shown({}, { principal: admin })
  expect(await shown()).toMatchObject({
    providers: [{ name: 'p', key: 'P_KEY', local: true }],
    models: [
      {
        id: 'm',
        provider: 'p',
        capabilities: ['tools'],
        price: { in: 1, out: 2 },
        state: 'ok',
        failed: null,
      },
      { id: 'librarian' },
    ],
    aliases: [
      {
        name: 'city',
        use: [
          { model: 'm', weight: 2 },
          { model: 'librarian', weight: null },
        ],
      },
    ],
  })
  const attempt = (model: string) => set.client.tryModel({ model }, { principal: admin })
  expect(await attempt('m')).toMatchObject({ said: 'Say OK.', error: null })
  set.provider.next({ status: 400 }, { status: 429, retryAfter: '900' })
  expect(await attempt('m')).toMatchObject({ said: null, error: { code: 'engine.refused' } })
  expect(await attempt('m')).toMatchObject({ error: { code: 'engine.refused' } })
  const [m] = (await shown()).models
  expect(m).toMatchObject({ state: 'rests', failed: { error: { code: 'engine.refused' } } })
  expect(m?.latencyMs).toBeGreaterThan(0)
  expect(JSON.stringify(await shown())).not.toContain('very-secret')
  expect(await attempt('nobody')).toMatchObject({ error: { code: 'llm_proxy.model_unknown' } })
  await expect(set.client.shown({}, { principal: olia })).rejects.toMatchObject({ code: 'auth.forbidden' })
  const { body } = await set.metrics.render()
  expect(body).toContain('llm_requests_total{provider="p",model="m",outcome="done"} 1')
  expect(body).toMatch(/llm_latency_seconds_count\{model="m"\} 1/)
})

test('the owner writes the file: a wrong one is refused with its line, what another wrote is kept, the one before stays beside', async () => {
  await using set = await city()
  const as = { principal: owner }
  const { text, digest } = await set.client.file({}, as)
  expect(text).toBe(set.text)
  await expect(set.client.file({}, { principal: admin })).rejects.toMatchObject({ code: 'auth.forbidden' })
  const put = (next: string, check = false) => set.client.setFile({ text: next, digest, check }, as)
  const wrong = await put(text.replace('provider: p', 'provider: q'))
  expect(wrong).toMatchObject({ saved: false, problem: { line: 4, message: /there is no provider q/ } })
  expect(await put(`${text}  x: [`)).toMatchObject({ saved: false, problem: { line: expect.any(Number) } })
  expect(await readFile(set.path, 'utf8')).toBe(text)
  const next = text.replace('m: {', 'better: {').replace('model: m', 'model: better')
  expect(await put(next, true)).toMatchObject({ saved: false, problem: null })
  expect(await put(next)).toMatchObject({ saved: true })
  expect(await readFile(`${set.path}.before`, 'utf8')).toBe(text)
  await eventually(async () => {
    expect((await set.client.shown({}, as)).models[0]?.id).toBe('better')
  }, 30_000)
  await expect(put(text)).rejects.toMatchObject({ code: 'llm_proxy.file_changed', kind: 'conflict' })
})
