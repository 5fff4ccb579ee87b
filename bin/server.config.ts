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

/** Read when a schema of Fastify's is compiled or a request injected; the city does neither. They stay in `node_modules/`, so that no start reads through them. */
const NEVER_CALLED = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request']

/** `pg` makes a `Response` to learn whether it runs at Cloudflare, and with it Node reads its whole `fetch`. */
const noCloudflare: Plugin = {
  name: 'no-cloudflare',
  transform: {
    filter: { id: /\/pg\/lib\/stream\.js$/ },
    handler(code) {
      const asked = 'if (isCloudflareRuntime())'
      if (!code.includes(asked)) throw new Error(`pg/lib/stream.js has no «${asked}» any more`)
      return { code: code.replace(asked, 'if (false)'), map: null }
    },
  },
}

/** V8 keeps a source of anything but ASCII at two bytes a letter, in memory and to be read through. */
const inAscii: Plugin = {
  name: 'in-ascii',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle))
      if (chunk.type === 'chunk')
        chunk.code = chunk.code.replace(
          /[^\0-\x7f]/g,
          (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
        )
  },
}

/** Bundles the server to `dist/`, because Node reads a few files much faster than a thousand: docs/decisions/0009. */
export default defineConfig({
  root,
  publicDir: false,
  plugins: [keepPlaces, noCloudflare, inAscii],
  ssr: { noExternal: true, external: [...LEFT_OUT, ...NEVER_CALLED] },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist',
    emptyOutDir: false,
    rollupOptions: {
      input: Object.fromEntries(ENTRIES.map((path) => [path.replace(/\.ts$/, ''), join(src, path)])),
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'shared/[name].js',
        // Without comments and blanks; every name stays, for traces.
        minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      },
    },
  },
})
