import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { createLocalParser, type LocalParser } from '../src/engines/parser/local.ts'
import { listZip, unzip } from '../src/engines/parser/zip.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { bareEngine } from './engines.ts'
import { cpuOf, median, type Row } from './measure.ts'

const ROUNDS = 5
const GOAL = 0.9
/** So that a round takes long enough to be measured. */
const DOCUMENTS_PER_ROUND = { pdf: 2, docx: 4, html: 12 } as const

/** Parsing our way (a limited child, columns, tables, headings, Markdown) beside the bare libraries on the same documents in a plain child, by turns: throughput by processor time, that of this process included, ours over theirs. The PDF is a paper of 14 pages of `FIXTURES_DIR`, the others are made long from a fixture of the tests. */
export async function parsing(): Promise<readonly Row[]> {
  const { FIXTURES_DIR: fixtures } = process.env
  const parser = createLocalParser({ clock: systemClock, maxPages: 5_000 })
  const own = join(import.meta.dirname, '..', 'test', 'fixtures', 'documents')
  const rows: Row[] = []
  try {
    if (fixtures)
      rows.push(await compare(parser, 'pdf', await readFile(join(fixtures, 'documents', 'tracemonkey.pdf'))))
    else console.log('left out: parsing a PDF, because FIXTURES_DIR is not set')
    rows.push(await compare(parser, 'docx', await longDocx(await readFile(join(own, 'statute.docx')))))
    const page = await readFile(join(own, 'statute.html'), 'utf8')
    const body = page.slice(page.indexOf('<h1>'), page.indexOf('</body>')).repeat(40)
    rows.push(
      await compare(
        parser,
        'html',
        Buffer.from(`<html><head><meta charset="utf-8"></head><body>${body}</body></html>`),
      ),
    )
  } finally {
    await parser.close()
  }
  return rows
}

/** The same letter with its body forty times over, packed anew. */
async function longDocx(bytes: Uint8Array): Promise<Uint8Array> {
  const zip = new ZipFile()
  for (const entry of listZip(bytes)) {
    const content = Buffer.from(unzip(bytes, entry, 1 << 24))
    const text = content.toString('utf8')
    const [, head = '', body = '', end = ''] =
      /^([\s\S]*<w:body>)([\s\S]*?)(<w:sectPr[\s\S]*)$/.exec(text) ?? []
    const isBody = entry.name === 'word/document.xml'
    zip.addBuffer(isBody ? Buffer.from(head + body.repeat(40) + end) : content, entry.name)
  }
  zip.end()
  return await buffer(zip.outputStream)
}

async function compare(
  parser: LocalParser,
  kind: keyof typeof DOCUMENTS_PER_ROUND,
  bytes: Uint8Array,
): Promise<Row> {
  await using bare = await bareEngine('bare-parser.ts', kind)
  const count = DOCUMENTS_PER_ROUND[kind]
  const ours = async (): Promise<number> => {
    let chars = 0
    const onPage = ({ text }: { text: string }): void => {
      chars += text.length
    }
    for (let time = 0; time < count; time++)
      await parser.parse({ bytes, mime: '', name: `x.${kind}` }, { onPage })
    return chars
  }
  const theirs = async (): Promise<number> => {
    let chars = 0
    for (let time = 0; time < count; time++) chars += (await bare.run(bytes)).length
    return chars
  }
  const times = { ours: [] as number[], bare: [] as number[] }
  const cpu = { ours: [] as number[], bare: [] as number[] }
  const spent = (who: 'ours' | 'bare'): number => {
    const { system, user } = process.cpuUsage()
    const pids = who === 'bare' ? [bare.pid] : parser.state().children.map(({ pid }) => pid)
    return system + user + pids.reduce((sum, pid) => sum + cpuOf(pid), 0)
  }
  for (let round = 0; round <= ROUNDS; round++) {
    const pair = [['ours', ours] as const, ['bare', theirs] as const]
    for (const [who, run] of round % 2 === 0 ? pair : pair.reverse()) {
      const started = performance.now()
      const before = spent(who)
      if ((await run()) === 0) throw new Error(`parsing ${kind}: ${who} found nothing`)
      if (round === 0) continue
      times[who].push(performance.now() - started)
      cpu[who].push(spent(who) - before)
    }
  }
  const ratio = median(cpu.bare.map((us, i) => us / (cpu.ours[i] ?? Number.NaN)))
  const show = (who: 'ours' | 'bare') =>
    `${((count * 1000) / median(times[who])).toFixed(1)} documents/s, ${(median(cpu[who]) / count / 1000).toFixed(0)} ms of processor each`
  return {
    what: `parsing ${kind.toUpperCase()}`,
    ours: show('ours'),
    peer: `the bare library: ${show('bare')}`,
    ratio,
    goal: `≥ ${GOAL}`,
    met: ratio >= GOAL,
  }
}
