import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { MODELS, modelBytes, sizeLabel } from '../engines/models/models.table.ts'
import { createModels, type ModelProgress, type Models } from '../engines/models/models.ts'
import { systemClock } from '../kernel/clock.ts'
import { answer, CommandFailure, columns, line, type Terminal } from './terminal.ts'

interface Json {
  readonly json?: boolean
}

const BAR_CELLS = 24

/** `models list`, `models pull`, `models verify`: the local models, in the folder that the city reads too. */
export function modelsCommands(program: Command, terminal: Terminal): void {
  const models = program.command('models').description('the models that run on this machine')

  models
    .command('list', { isDefault: true })
    .description('which models there are, and which are here')
    .option('--json', 'answer as JSON')
    .action(async ({ json }: Json) => {
      const here = open(terminal)
      const list = await here.list()
      const rows = list.map((m) => [m.name, m.state, sizeLabel(m.sizeBytes), m.licence, m.what])
      const table = columns([['MODEL', 'STATE', 'SIZE', 'LICENCE', 'WHAT IT DOES'], ...rows])
      const others = MODELS.filter(({ name }) => !list.some((one) => one.name === name))
      const more = others.map((model) => `\n  ${model.name} (${sizeLabel(modelBytes(model))}): ${model.what}`)
      const besides = more.length > 0 ? `\n\nMay be pulled by name besides:${more.join('')}` : ''
      answer(
        terminal,
        json,
        { dir: here.dir, models: list },
        `${table}${besides}\n\nThey lie in ${here.dir}.`,
      )
    })

  models
    .command('pull [names...]')
    .description('fetch models; all that are missing where none is named')
    .option('--json', 'answer as JSON')
    .action(async (names: string[], { json }: Json) => {
      const here = open(terminal)
      const wanted = names.length > 0 ? names : await missing(here)
      const pulled: { name: string; source: string | null }[] = []
      for (const name of wanted) {
        const bar = json ? undefined : progressBar(terminal)
        const { source } = await here.pull(name, bar && { onProgress: bar.show }).finally(() => bar?.done())
        pulled.push({ name, source })
        if (json) continue
        line(terminal.out, source ? `${name} is here, by way of ${source}.` : `${name} was here already.`)
      }
      if (json) answer(terminal, json, { pulled }, '')
      else if (wanted.length === 0) line(terminal.out, 'Every model is here.')
    })

  models
    .command('verify [names...]')
    .description('read every file of the models that are here, and compare it with its checksum')
    .option('--json', 'answer as JSON')
    .action(async (names: string[], { json }: Json) => {
      const here = open(terminal)
      const wanted = names.length > 0 ? names : await present(here)
      const checked = []
      for (const name of wanted) checked.push({ name, files: await here.verify(name) })
      const words = checked.map(({ name, files }) => {
        const bad = files.filter(({ state }) => state !== 'ok')
        const faults = bad.map(({ path, state }) => `\n  ${path} is ${state}`).join('')
        return bad.length === 0
          ? `${name}: whole`
          : `${name}: damaged; mend it with: npm run models -- pull ${name}${faults}`
      })
      answer(terminal, json, { models: checked }, words.join('\n') || 'No model is here.')
      if (checked.some(({ files }) => files.some(({ state }) => state !== 'ok')))
        throw new CommandFailure('Not everything is as it should be.')
    })
}

function open(terminal: Terminal): Models {
  const { modelsDir, modelsMirror, whisper } = readConfig(terminal.env)
  const mirror = modelsMirror === null ? {} : { mirror: modelsMirror }
  return createModels({ dir: modelsDir, clock: systemClock, wanted: [whisper.model], ...mirror })
}

const missing = async (models: Models): Promise<string[]> =>
  (await models.list()).filter(({ state }) => state !== 'ready').map(({ name }) => name)

const present = async (models: Models): Promise<string[]> =>
  (await models.list()).filter(({ state }) => state !== 'missing').map(({ name }) => name)

/** A bar that redraws itself on a terminal, and keeps silent elsewhere. */
function progressBar({ err }: Terminal) {
  const begun = systemClock.now()
  let drawn = ''
  return {
    show({ model, receivedBytes, totalBytes, source }: ModelProgress): void {
      if (!err.isTTY) return
      const share = totalBytes > 0 ? Math.min(1, receivedBytes / totalBytes) : 0
      const full = Math.round(share * BAR_CELLS)
      const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
      const seconds = (systemClock.now() - begun) / 1000
      const speed =
        seconds > 1 && receivedBytes > 0 ? `, ${(receivedBytes / 1e6 / seconds).toFixed(1)} MB/s` : ''
      const amount = `${(receivedBytes / 1e6).toFixed(0)} of ${sizeLabel(totalBytes)}`
      const now = `${model} ${bar} ${Math.floor(share * 100)}% ${amount}${speed} (${source})`
      if (now === drawn) return
      err.write(`\r\u001b[K${now}`)
      drawn = now
    },
    done(): void {
      if (drawn) err.write('\r\u001b[K')
    },
  }
}
