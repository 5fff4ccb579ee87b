import { createServer, type Socket } from 'node:net'

/** A mail server on loopback that takes every letter, or answers as it is told. */
export interface SmtpServer extends AsyncDisposable {
  readonly url: string
  /** Headers and body of each letter as they came, quoted-printable and base64 undone. */
  readonly letters: readonly { readonly to: string; readonly raw: string; readonly text: string }[]
  /** What RCPT is answered with from now on; `250 ok` at first. */
  answer(reply: string): void
}

export async function smtpServer(): Promise<SmtpServer> {
  const letters: { to: string; raw: string; text: string }[] = []
  const sockets = new Set<Socket>()
  let reply = '250 ok'
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    socket.write('220 test\r\n')
    let to = ''
    let data: string | undefined
    let rest = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      rest += chunk
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        if (data !== undefined) {
          if (line !== '.') data += `${line.replace(/^\./, '')}\r\n`
          else {
            letters.push({ to, raw: data, text: textOf(data) })
            data = undefined
            socket.write('250 taken\r\n')
          }
        } else if (/^RCPT/i.test(line)) {
          to = /<([^>]*)>/.exec(line)?.[1] ?? ''
          socket.write(`${reply}\r\n`)
        } else if (/^DATA/i.test(line)) {
          data = ''
          socket.write('354 go on\r\n')
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
        else socket.write('250 ok\r\n')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `smtp://127.0.0.1:${port}`,
    letters,
    answer: (next) => {
      reply = next
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function textOf(raw: string): string {
  const split = raw.indexOf('\r\n\r\n')
  const head = raw.slice(0, split)
  const body = raw.slice(split + 4)
  if (/transfer-encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString()
  const plain = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(plain, 'latin1').toString()
}
