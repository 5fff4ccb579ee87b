import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

const root = dirname(import.meta.dirname)
const src = join(root, 'src')

/** What a process begins at. Each lies in `dist/` where it lies in `src/`; what they share is in `dist/shared/`. */
const ENTRIES = [
  'main.ts',
  'cli/cli.ts',
  'platform/database/image.ts',
  ...readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.(child|worker)\.ts$/.test(path),
  ),
]

/** The libraries that every start needs: plain JavaScript, a thousand small files. They are taken in with all that they need in turn. */
const TAKEN_IN = new Set([
  'kysely',
  'pg',
  'zod',
  'jose',
  'fastify',
  '@fastify/multipart',
  '@fastify/static',
  'prom-client',
  'file-type',
])
/** Every other one is read from `node_modules/` when it is first used. */
const LEFT_OUT = Object.keys(
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies as Record<string, string>,
).filter((name) => !TAKEN_IN.has(name))

/** A module that asks for `import.meta.url` is told its own place, whatever file of the bundle it came to lie in: what it seeks beside itself, it finds. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  enforce: 'pre',
  transform(code, id) {
    if (!id.startsWith(src) || !code.includes('import.meta.url')) return null
    const place = relative(src, id).replace(/\.ts$/, '.js')
    return { code: code.replaceAll('import.meta.url', `__place__('${place}')`), map: null }
  },
  renderChunk(code, { fileName }) {
    const url = (place: string) => `new URL('${relative(dirname(fileName), place)}', import.meta.url).href`
    return { code: code.replaceAll(/__place__\(['"](.+?)['"]\)/g, (_, place) => url(place)), map: null }
  },
}

/** Bundles the server to `dist/`, because Node reads a few files much faster than a thousand: docs/decisions/0009. */
export default defineConfig({
  root,
  publicDir: false,
  plugins: [keepPlaces],
  ssr: { noExternal: true, external: LEFT_OUT },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist',
    emptyOutDir: false,
    rollupOptions: {
      input: Object.fromEntries(ENTRIES.map((path) => [path.replace(/\.ts$/, ''), join(src, path)])),
      output: { entryFileNames: '[name].js', chunkFileNames: 'shared/[name].js' },
    },
  },
})
