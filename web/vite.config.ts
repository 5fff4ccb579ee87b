import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const city = 'http://127.0.0.1:7400'
const here = import.meta.dirname
const WORKER = 'service-worker'

/** Builds to `web/dist`, which the city serves; in development everything that is not ours is asked of a city on port 7400. */
export default defineConfig({
  root: here,
  plugins: [react(), tailwindcss(), precache(), compressed()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: join(here, 'index.html'), [WORKER]: join(here, 'src/worker/service-worker.ts') },
      output: {
        // A worker is found by its name; everything else is named by its content.
        entryFileNames: ({ name }) => (name === WORKER ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: {
    host: '127.0.0.1',
    fs: { allow: ['..'] },
    proxy: { '/api': { target: city, ws: true }, '/health': city, '/ready': city, '/v1': city },
  },
})

/** Tells the worker every file of the build, so that a new build is a new worker. */
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
          .filter(({ fileName }) => fileName.startsWith('assets/') && !/\.(map|txt)$/.test(fileName))
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
