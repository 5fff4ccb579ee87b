// `npm run bench [names]`: each figure side by side with what it is compared to. On loopback, bounded, a minute or so each.
import type { Row } from './measure.ts'

const BENCHES: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  routes: async () => (await import('./routes.ts')).routes(),
  start: async () => (await import('./start.ts')).start(),
  proxy: async () => (await import('./proxy.ts')).proxy(),
  agents: async () => (await import('./agents.ts')).agents(),
  engines: async () => (await import('./engines.ts')).engines(),
  hearing: async () => (await import('./hearing.ts')).hearing(),
  parsing: async () => (await import('./parsing.ts')).parsing(),
  retrieval: async () => (await import('./retrieval.ts')).retrieval(),
  ingest: async () => (await import('./ingest.ts')).ingest(),
  gateway: async () => (await import('./gateway.ts')).gateway(),
  stall: async () => (await import('./stall.ts')).stall(),
  enumeration: async () => (await import('./enumeration.ts')).enumeration(),
  sockets: async () => (await import('./sockets.ts')).sockets(),
  'stored-fanout': async () => (await import('./stored-fanout.ts')).storedFanout(),
  fanout: async () => (await import('./fanout.ts')).fanout(),
  search: async () => (await import('./search.ts')).search(),
  nearest: async () => (await import('./nearest.ts')).nearest(),
  'nearest-embedded': async () => (await import('./nearest.ts')).nearestEmbedded(),
  scroll: async () => (await import('./scroll.ts')).scroll(),
}

const asked = process.argv.slice(2)
for (const name of asked)
  if (!(name in BENCHES))
    throw new Error(`There is no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`)
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  try {
    for (const { goal, met, ours, peer, ratio, what } of await bench())
      console.log(
        `${met ? 'met   ' : 'missed'}  ${what}: ${ours} | ${peer} | ratio ${ratio.toFixed(2)}, goal ${goal}`,
      )
  } catch (error) {
    // A goal that was missed is a finding; a bench that broke is a fault.
    console.error(`broken  ${name}:`, error)
    process.exitCode = 1
  }
}
process.exit()
