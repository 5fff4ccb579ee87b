#!/usr/bin/env node
// Builds the server (vite → dist/), the web app (vite → web/dist/) and the image of the empty database, when their sources changed since the last build.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const node = process.execPath
const bin = (name) => join(root, 'node_modules', ...name.split('/'))

const PARTS = [
  {
    name: 'server',
    sources: ['src', 'bin/server.config.ts'],
    output: 'dist/main.js',
    command: [
      node,
      bin('vite/bin/vite.js'),
      'build',
      '--config',
      'bin/server.config.ts',
      '--logLevel',
      'warn',
    ],
  },
  {
    name: 'web app',
    sources: ['web', 'src/kernel', 'src/services'],
    output: 'web/dist/index.html',
    command: [node, bin('vite/bin/vite.js'), 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn'],
  },
  {
    name: 'empty database',
    sources: ['migrations', 'src/platform/database'],
    output: 'dist/database.image',
    command: [
      node,
      '--input-type=module',
      '--eval',
      "const { buildImage } = await import('./dist/platform/database/image.js'); await buildImage('dist/database.image')",
    ],
  },
]

/** Brings every part up to date; throws where one cannot be built. Says so only when there is something to do. */
export function build({ force = false } = {}) {
  for (const part of PARTS) {
    const stamp = join(root, '.build', `${part.name.replaceAll(' ', '-')}.sha256`)
    const now = fingerprint(part.sources)
    const fresh =
      existsSync(join(root, part.output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now
    if (fresh && !force) continue
    process.stderr.write(`Building the ${part.name} … `)
    const started = performance.now()
    const [command, ...args] = part.command
    // Whoever builds, a test too, builds what people get.
    const env = { ...process.env, NODE_ENV: 'production' }
    const done = spawnSync(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    })
    if (done.status !== 0) {
      process.stderr.write('failed\n')
      throw new Error(`The ${part.name} cannot be built:\n${done.stdout}${done.stderr}`)
    }
    mkdirSync(dirname(stamp), { recursive: true })
    writeFileSync(stamp, now)
    process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`)
  }
}

/** Names, sizes and times of every source: enough to see a change without reading it all. */
function fingerprint(sources) {
  const hash = createHash('sha256').update(process.version)
  for (const source of [...sources, 'package-lock.json'])
    for (const path of files(join(root, source))) {
      const { size, mtimeMs } = statSync(path)
      hash.update(`${path}\0${size}\0${mtimeMs}\n`)
    }
  return hash.digest('hex')
}

function files(path) {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() &&
        !/[/\\](dist|node_modules)([/\\]|$)/.test(entry.parentPath) &&
        !/\.test\.tsx?$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  try {
    build({ force: process.argv.includes('--force') })
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
