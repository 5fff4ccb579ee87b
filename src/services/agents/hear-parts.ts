import { AppError } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { RunRequest } from './agents.contract.ts'

type Part = RunRequest['parts'][number]

/** Makes what can be read of a stored file that the asker may see. Rejects with an AppError that says why not. */
export type HearParts = (
  part: { readonly type: Part['type']; readonly file: string },
  asker: { readonly principal: Principal; readonly signal: AbortSignal },
) => Promise<Partial<Part>>

/** Files that were sent with a request of a program are heard and read first; a failure is the part's own. */
export async function hearParts(
  hear: HearParts | undefined,
  { parts, asker }: RunRequest,
  signal: AbortSignal,
): Promise<Part[]> {
  return await Promise.all(
    parts.map(async (part): Promise<Part> => {
      if (part.state !== 'pending' || part.file === undefined || !hear) return part
      try {
        const outcome = await hear({ type: part.type, file: part.file }, { principal: asker, signal })
        return { ...part, ...outcome, state: 'done' }
      } catch (cause) {
        signal.throwIfAborted()
        return { ...part, state: 'failed', error: AppError.from(cause).toJSON().error }
      }
    }),
  )
}
