import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { build } from 'vite'

const root = resolve(import.meta.dirname, '../..')

/** A process of a test's own as one folder of plain JavaScript, which starts in a fraction of the time that its sources take; with the thread of the embedded database beside it. Dispose it when no process runs any more. */
export async function bundled(child: string): Promise<Disposable & { readonly path: string }> {
  mkdirSync(join(root, '.build'), { recursive: true })
  const outDir = mkdtempSync(join(root, '.build', 'child-'))
  const name = basename(child, '.ts')
  await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['@electric-sql/pglite', '@electric-sql/pglite-pgvector'] },
    build: {
      ssr: true,
      target: 'node20',
      outDir,
      minify: false,
      rollupOptions: {
        input: { [name]: child, 'pglite.worker': join(root, 'src/platform/database/pglite.worker.ts') },
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared-[name].js' },
      },
    },
  })
  return {
    path: join(outDir, `${name}.js`),
    [Symbol.dispose]: () => rmSync(outDir, { recursive: true, force: true }),
  }
}
