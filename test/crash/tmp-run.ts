import { runChaos } from '/work/main/test/crash/rounds.ts'

const r = await runChaos({
  rounds: Number(process.argv[2] ?? 6),
  seed: Number(process.argv[3]),
  fixtures: process.env.FIXTURES_DIR ?? '',
  env: { MODELS_DIR: process.env.MODELS_DIR ?? '' },
  report: (l) => console.log(new Date().toISOString().slice(14, 23), l),
})
console.log(r)
process.exit()
