import { createTransport } from 'nodemailer'
import type { Secret } from '../../kernel/secret.ts'
import { mailError } from './mail.errors.ts'
import type { Mail } from './mail.ts'

const TIMEOUT_MS = 15_000

/** Mail by SMTP: `url` is `smtp://` or `smtps://`, with a name and a password in it where the server asks for them; `from` is what readers see. */
export function smtpMail(url: Secret, from: string): Mail {
  const transport = createTransport(
    {
      url: url.reveal(),
      pool: true,
      maxConnections: 2,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      // A letter is made of strings alone: nothing in it may name a file or an address to be fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  )
  return {
    async send({ to, subject, text, html, id }, signal) {
      signal.throwIfAborted()
      const domain = /@([^>\s]+)/.exec(from)?.[1] ?? 'localhost'
      const headers = { 'auto-submitted': 'auto-generated' }
      try {
        const letter = { to, subject, text, headers, messageId: `<${id}@${domain}>` }
        await Promise.race([
          transport.sendMail({ ...letter, ...(html !== undefined && { html }) }),
          aborted(signal),
        ])
      } catch (cause) {
        signal.throwIfAborted()
        throw failureOf(cause)
      }
    },
    async [Symbol.asyncDispose]() {
      transport.close()
    },
  }
}

/** 5xx is the server's last word; everything else may pass. The server's sentence may hold people's addresses, so only its number is told. */
function failureOf(cause: unknown): Error {
  const status =
    cause instanceof Error && 'responseCode' in cause && typeof cause.responseCode === 'number'
      ? cause.responseCode
      : undefined
  if (status === undefined || status < 500) return mailError('mail.unreachable')
  return mailError('mail.refused', { status })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  )
}
