import { join } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '..')

/** Bundles a target as the server is bundled, and answers with the file: what is measured is what people run. The TypeScript loader puts a call around every inner function. */
export async function compiled(file: string): Promise<string> {
  const name = file.replace(/\.ts$/, '')
  const outDir = join(root, '.build/bench')
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    mode: 'production',
    build: {
      ssr: join(import.meta.dirname, 'targets', file),
      target: 'node20',
      outDir,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: `${name}.js`, chunkFileNames: `${name}-[name].js` } },
    },
  })
  return join(outDir, `${name}.js`)
}
