import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { kernelError } from '../../kernel/errors.ts'

/** The web app's built files, and its page for every address that a person may open. */
export async function serveWeb(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) return
  await app.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    index: false,
    cacheControl: false,
    // The build lays them beside the files.
    preCompressed: true,
    setHeaders(reply, path) {
      // Vite names assets by their content.
      const kept = path.includes('/assets/')
      reply.setHeader('cache-control', kept ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  app.get('/*', async (request, reply) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    if (/^\/(api|v1|assets)\//.test(pathname) || /\.\w+$/.test(pathname)) throw kernelError('http.not_found')
    return reply.header('cache-control', 'no-cache').sendFile('index.html')
  })
}
