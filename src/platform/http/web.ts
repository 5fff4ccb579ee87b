import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { kernelError } from '../../kernel/errors.ts'

/** The web app's built files, and its page for every address that a person may open. Files of a build that is laid there later are found too, and files that are gone are missing and nothing else. */
export async function serveWeb(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) return
  // The build lays the compressed ones beside the files.
  const files = { index: false, cacheControl: false, preCompressed: true } as const
  await app.register(fastifyStatic, {
    ...files,
    root: folder,
    wildcard: false,
    globIgnore: ['assets/**'],
    setHeaders: (reply) => reply.setHeader('cache-control', 'no-cache'),
  })
  await app.register(fastifyStatic, {
    ...files,
    root: join(folder, 'assets'),
    prefix: '/assets/',
    decorateReply: false,
    // Vite names assets by their content.
    setHeaders: (reply) => reply.setHeader('cache-control', 'public, max-age=31536000, immutable'),
  })
  app.get('/*', async (request, reply) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    if (/^\/(api|v1|assets)\//.test(pathname) || /\.\w+$/.test(pathname)) throw kernelError('http.not_found')
    return reply.header('cache-control', 'no-cache').sendFile('index.html')
  })
}
