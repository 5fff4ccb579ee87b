import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { contractsOfClients } from './contracts.ts'
import { createPieces, iconsByFile } from './pieces.ts'

const city = 'http://127.0.0.1:7400'
const here = import.meta.dirname
const WORKER = 'service-worker'
const INDEX = join(here, 'index.html')
const WORKER_SOURCE = join(here, 'src/worker/service-worker.ts')
const pieces = createPieces({
  apart: [WORKER_SOURCE],
  together: { frame: join(here, 'src/main.tsx'), room: join(here, 'src/features/city/room-page.tsx') },
})

/** Builds to `web/dist`, which the city serves; in development everything that is not ours is asked of a city on port 7400. */
export default defineConfig({
  root: here,
  plugins: [
    react(),
    tailwindcss(),
    iconsByFile(),
    withoutJsonSchema(),
    contractsOfClients(),
    pieces.plugin,
    precache(),
    compressed(),
    keepOlder(),
  ],
  build: {
    outDir: 'dist',
    // A page that is open while the city is renewed still finds its pieces: `keepOlder` clears up.
    emptyOutDir: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    manifest: true,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      input: { index: INDEX, [WORKER]: WORKER_SOURCE },
      output: {
        // A worker is found by its name; everything else is named by its content.
        entryFileNames: ({ name }) => (name === WORKER ? '[name].js' : 'assets/[name]-[hash].js'),
        codeSplitting: { groups: pieces.groups },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    fs: { allow: ['..'] },
    proxy: { '/api': { target: city, ws: true }, '/health': city, '/ready': city, '/v1': city },
  },
})

/** A schema here checks what comes and describes itself to nobody: without the lines that would write it as a JSON Schema, what they need falls away (25 kB). */
function withoutJsonSchema(): Plugin {
  return {
    name: 'without-json-schema',
    apply: 'build',
    transform: {
      filter: { id: /\/zod\/v4\/classic\/schemas\.js$/ },
      handler: (code) =>
        code
          .replace(/^ *inst\._zod\.processJSONSchema = .*;$/gm, '')
          .replace(/createStandardJSONSchemaMethod\(this, "\w+"\)/g, 'undefined')
          .replace('return createToJSONSchemaMethod(this, {})(params);', ''),
    },
  }
}

/** Tells the worker every file of the build, so that a new build is a new worker; but for the reader of PDFs, which few need and which is larger than all the rest. */
function precache(): Plugin {
  return {
    name: 'precache',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const mark = (content: string | Uint8Array) =>
          createHash('sha256').update(content).digest('hex').slice(0, 16)
        const named = Object.values(bundle)
          .filter(
            ({ fileName }) => fileName.startsWith('assets/') && !/\.(map|txt)$|\/pdf[.-]/.test(fileName),
          )
          .map(({ fileName }) => ({ url: `/${fileName}`, revision: null }))
        const page = bundle['index.html']
        const entries = [
          ...named,
          ...(page?.type === 'asset' ? [{ url: '/index.html', revision: mark(page.source) }] : []),
          ...readdirSync(join(here, 'public')).map((name) => ({
            url: `/${name}`,
            revision: mark(readFileSync(join(here, 'public', name))),
          })),
        ]
        const worker = bundle[`${WORKER}.js`]
        if (worker?.type === 'chunk')
          worker.code = worker.code.replace('PRECACHE', () => JSON.stringify(entries))
      },
    },
  }
}

/** Lays a brotli and a gzip of each text beside it, once, so that the city compresses nothing while it serves. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir = '' }, bundle) {
      for (const { fileName } of Object.values(bundle)) {
        if (!/\.(js|css|html|svg|json|webmanifest)$/.test(fileName)) continue
        const path = join(dir, fileName)
        const bytes = readFileSync(path)
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, quality))
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

const KEPT_BUILDS = 3

/** Keeps the pieces of the builds before, three builds in all; what is older goes. */
function keepOlder(): Plugin {
  return {
    name: 'keep-older',
    apply: 'build',
    writeBundle: {
      order: 'post',
      handler({ dir = '' }, bundle) {
        const list = join(dir, '.vite', 'builds.json')
        const now = Object.keys(bundle).filter((name) => name.startsWith('assets/'))
        const before: string[][] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
        const builds = [now, ...before].slice(0, KEPT_BUILDS)
        writeFileSync(list, JSON.stringify(builds))
        const kept = new Set(builds.flat())
        for (const name of readdirSync(join(dir, 'assets')))
          if (!kept.has(`assets/${name.replace(/\.(br|gz)$/, '')}`)) rmSync(join(dir, 'assets', name))
      },
    },
  }
}
