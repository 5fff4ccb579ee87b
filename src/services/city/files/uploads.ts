import type { MultipartFile } from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../../../kernel/errors.ts'
import type { StoredBlob } from '../../../platform/files/files.ts'
import { isBrokenForm } from '../../../platform/http/broken-form.ts'
import { admitted, whenGone } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { cityError } from '../city.errors.ts'
import { FILE_RIGHTS } from '../files.contract.ts'
import { cleanName } from '../messages/names.ts'
import { toCityFile } from './files.ts'
import type { Intake } from './intake.ts'

interface UploadNeeds {
  readonly intake: Intake
  readonly limits: { readonly maxUploadBytes: number }
}

/** `POST /api/city/files`: one multipart field `file`, taken in for whoever sends it. */
export function uploadRoute(app: FastifyInstance, authenticate: Authenticate, needs: UploadNeeds): void {
  const { intake, limits } = needs
  app.post('/api/city/files', async (request, reply) => {
    const { principal } = await admitted(request, reply, FILE_RIGHTS.upload, authenticate)
    await intake.checkQuota(principal.id, 1)
    let received: Received | undefined
    try {
      await receive(request, intake, limits.maxUploadBytes, (one) => {
        received = one
      })
      if (!received) throw cityError('city.upload_missing')
      const { blob, name } = received
      const row = await intake.takeIn(blob, { owner: principal.id, name }, whenGone(reply))
      return await reply.code(201).send(toCityFile(row))
    } finally {
      if (received) await intake.letGo(received.blob.sha256)
    }
  })
}

interface Received {
  readonly blob: StoredBlob
  readonly name: string
}

/** Takes the one file out of a request; `got` hears of it as soon as it is stored, whatever comes after. */
async function receive(
  request: FastifyRequest,
  intake: Intake,
  maxBytes: number,
  got: (one: Received) => void,
): Promise<void> {
  if (!request.isMultipart()) throw cityError('city.upload_not_multipart')
  let count = 0
  try {
    // One byte more than allowed is let in, so that the store is the one that refuses.
    for await (const part of request.parts({ limits: { fileSize: maxBytes + 1, files: 2, fields: 20 } })) {
      if (part.type !== 'file') continue
      if (count++ > 0) throw cityError('city.upload_many')
      if (part.fieldname !== 'file') throw cityError('city.upload_missing')
      got({ blob: await keep(request, intake, part), name: cleanName(part.filename) })
    }
  } catch (cause) {
    request.raw.resume()
    throw refusal(cause)
  }
}

async function keep(request: FastifyRequest, intake: Intake, part: MultipartFile): Promise<StoredBlob> {
  const broken = () => {
    if (!request.raw.complete) part.file.destroy(cityError('city.upload_broken'))
  }
  request.raw.once('close', broken)
  try {
    return await intake.store(part.file)
  } finally {
    request.raw.off('close', broken)
    part.file.resume()
  }
}

/** What the multipart reader says, in our words. */
function refusal(cause: unknown): unknown {
  if (cause instanceof AppError || !(cause instanceof Error)) return cause
  const code = 'code' in cause ? String(cause.code) : ''
  if (code === 'FST_FILES_LIMIT') return cityError('city.upload_many', {}, { cause })
  return isBrokenForm(cause) ? cityError('city.upload_broken', {}, { cause }) : cause
}
