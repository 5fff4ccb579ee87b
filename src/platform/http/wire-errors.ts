import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { AppError } from '../../kernel/errors.ts'
import { httpError } from './http.errors.ts'

/** Answers, in the one error shape, bytes that are no request; then the connection is over. */
export function answerWireError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const failure = asFailure(error)
  const body = JSON.stringify(failure.toJSON())
  socket.end(
    [
      `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

function asFailure({ code }: { readonly code?: string }): AppError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return httpError('http.too_slow')
  if (code === 'HPE_HEADER_OVERFLOW') return httpError('http.too_large')
  return httpError('http.invalid', { detail: 'it is no HTTP' })
}
