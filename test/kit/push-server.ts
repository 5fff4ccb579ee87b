import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a browser was woken with. */
interface Woken {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** As its worker reads it. */
  readonly payload: { title: string; body: string; url: string; tag: string; lang: string }
}

/** A browser's own side of a subscription. */
interface Browser {
  readonly subscription: { endpoint: string; keys: { p256dh: string; auth: string } }
}

export interface PushServer extends AsyncDisposable {
  readonly url: string
  readonly woken: Woken[]
  /** How often it was asked, also when it refused. */
  readonly asked: { count: number }
  /** What it answers with from now on; 201 at first. */
  status: number
  /** A browser that subscribes under this path. */
  browser(path: string): Browser['subscription']
}

/** A push service (RFC 8030) on a free port of loopback, with the browsers behind it: what arrives is decrypted as they do (RFC 8291). */
export async function startPushServer(): Promise<PushServer> {
  const browsers = new Map<string, { pair: ReturnType<typeof createECDH>; auth: Buffer }>()
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    self.asked.count++
    const path = request.url ?? ''
    const browser = browsers.get(path)
    if (browser && self.status < 300) {
      const text = open(Buffer.concat(pieces), browser.pair, browser.auth)
      self.woken.push({ path, headers: request.headers, payload: JSON.parse(text) })
    }
    response.writeHead(self.status).end()
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const self: PushServer = {
    url,
    woken: [],
    asked: { count: 0 },
    status: 201,
    browser(path) {
      const pair = createECDH('prime256v1')
      pair.generateKeys()
      const auth = randomBytes(16)
      browsers.set(path, { pair, auth })
      const keys = { p256dh: pair.getPublicKey('base64url'), auth: auth.toString('base64url') }
      return { endpoint: `${url}${path}`, keys }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  return self
}

/** One record of aes128gcm (RFC 8188) with the keys of a subscription. */
function open(body: Buffer, pair: ReturnType<typeof createECDH>, auth: Buffer): string {
  const salt = body.subarray(0, 16)
  const senderLength = body.readUInt8(20)
  const sender = body.subarray(21, 21 + senderLength)
  const record = body.subarray(21 + senderLength)
  const about = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), sender])
  const secret = Buffer.from(hkdfSync('sha256', pair.computeSecret(sender), auth, about, 32))
  const key = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: aes128gcm\0', 16))
  const nonce = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: nonce\0', 12))
  const decipher = createDecipheriv('aes-128-gcm', key, nonce)
  decipher.setAuthTag(record.subarray(-16))
  const plain = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
  return plain.subarray(0, plain.lastIndexOf(2)).toString('utf8')
}
