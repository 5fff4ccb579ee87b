import { connect } from 'node:net'
import { type Answer, ask } from '../kit/ask.ts'

/** An upload by the tus protocol, as its own client would never send it. */
export interface TusAbuse {
  readonly about: string
  readonly method: 'POST' | 'PATCH' | 'HEAD' | 'DELETE'
  /** `$mine`: an upload of ten bytes that was just begun. */
  readonly to: '' | '$mine' | (string & {})
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

const V = { 'tus-resumable': '1.0.0' }
const PIECE = { ...V, 'content-type': 'application/offset+octet-stream' }
const begin = (about: string, headers: Record<string, string>, body?: string): TusAbuse => ({
  ...{ about, method: 'POST', to: '', headers: { ...V, ...headers } },
  ...(body !== undefined && { body }),
})
const piece = (about: string, headers: Record<string, string>, body = 'abc'): TusAbuse => ({
  ...{ about, method: 'PATCH', to: '$mine', headers: { ...PIECE, ...headers }, body },
})

/** Each must be refused. */
export const TUS_ABUSE: readonly TusAbuse[] = [
  { about: 'no version', method: 'POST', to: '', headers: { 'upload-length': '10' } },
  begin('another version', { 'tus-resumable': '9.9.9', 'upload-length': '10' }),
  begin('no length', {}),
  begin('a length below nothing', { 'upload-length': '-1' }),
  begin('a length that is no number', { 'upload-length': 'ten' }),
  begin('half a byte', { 'upload-length': '1.5' }),
  begin('a length in another base', { 'upload-length': '0x10' }),
  begin('a length beyond numbers', { 'upload-length': '1e400' }),
  begin('more than may come', { 'upload-length': String(26 * 1024 * 1024) }),
  begin('far more than may come', { 'upload-length': '9007199254740993' }),
  begin('a length twice', { 'upload-length': '10', 'upload-defer-length': '1' }),
  begin('a delayed length of another kind', { 'upload-defer-length': '2' }),
  begin('what is known of it, unreadable', { 'upload-length': '10', 'upload-metadata': 'filename ***' }),
  begin('the same twice', { 'upload-length': '10', 'upload-metadata': 'filename YQ==,filename YQ==' }),
  begin('a name without a key', { 'upload-length': '10', 'upload-metadata': 'a b YQ==' }),
  begin('much known of it', { 'upload-length': '10', 'upload-metadata': `filename ${'YQ'.repeat(4000)}` }),
  begin('pieces to be joined', { 'upload-concat': 'final;/api/city/uploads/a /api/city/uploads/b' }),
  begin('a method within a method', { 'x-http-method-override': 'DELETE' }),
  piece('no offset', {}),
  piece('an offset below nothing', { 'upload-offset': '-1' }),
  piece('an offset that is no number', { 'upload-offset': 'x' }),
  piece('an offset ahead', { 'upload-offset': '5' }),
  piece('an offset beyond its end', { 'upload-offset': '9007199254740993' }),
  piece('another kind of body', { 'upload-offset': '0', 'content-type': 'text/plain' }),
  piece('another version', { 'upload-offset': '0', 'tus-resumable': '0.2.2' }),
  { ...piece('an upload that is not there', { 'upload-offset': '0' }), to: 'person_x.1' },
  { ...piece('a way out of the folder', { 'upload-offset': '0' }), to: '..%2f..%2fcity.sock' },
  { ...piece('a way out, in the name of one’s own', { 'upload-offset': '0' }), to: '$me.%2e%2e%2fx' },
  { ...piece('a NUL', { 'upload-offset': '0' }), to: '$me.%00' },
  { about: 'where one stands in none', method: 'HEAD', to: '$me.nothing', headers: V },
  { about: 'the end of none', method: 'DELETE', to: '$me.nothing', headers: V },
]

/** Sends it; `$mine` begins an upload first. Who may not is no case of this. */
export async function abuse(
  url: string,
  { about: _, method, to, headers, body }: TusAbuse,
  { key, me }: { readonly key: string; readonly me: string },
): Promise<Answer> {
  const path =
    to === '$mine' ? await begun(url, key) : `/api/city/uploads${to && `/${to.replace('$me', me)}`}`
  return await ask(url, `${method} ${path}` as Parameters<typeof ask>[1], {
    key,
    headers,
    ...(body !== undefined && { body }),
  })
}

/** Begins an upload of ten bytes, and answers with its path. */
export async function begun(url: string, key: string, length = '10'): Promise<string> {
  const { headers } = await ask(url, 'POST /api/city/uploads', {
    key,
    headers: { ...V, 'upload-length': length, 'upload-metadata': 'filename YS50eHQ=' },
  })
  const at = headers.get('location') ?? ''
  return new URL(at, url).pathname
}

/** Sends whole bytes in one piece and makes them a file. */
export async function byTus(url: string, key: string, bytes: Uint8Array): Promise<Answer> {
  const path = await begun(url, key, String(bytes.length))
  if (bytes.length > 0)
    await ask(url, `PATCH ${path}` as Parameters<typeof ask>[1], {
      key,
      headers: { ...PIECE, 'upload-offset': '0' },
      body: new Blob([new Uint8Array(bytes)]),
    })
  return await ask(url, `POST ${path}/file` as Parameters<typeof ask>[1], { key, json: {} })
}

export const endTus = (url: string, key: string, path: string): Promise<Answer> =>
  ask(url, `DELETE ${path}` as Parameters<typeof ask>[1], { key, headers: V })

/** Begins a request and leaves the rest of it unsaid; `end` breaks the line. */
export function halfSaid(url: string, key: string, path: string): { end(): void } {
  const { host, port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${key}`,
      'Content-Type: multipart/form-data; boundary=x',
      'Content-Length: 1000000',
      '',
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nthe beginning',
    ].join('\r\n'),
  )
  return { end: () => void socket.destroy() }
}
