import { connect, type Socket } from 'node:net'

/** What is asked again and again, as it goes over the wire. */
export function requestBytes(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) {
  const lines = Object.entries({
    host: new URL(url).host,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}

/**
 * Asks the same over so many kept connections, one request at a time on each, until there were `most` or the time is over; answers how many
 * there were. It does next to nothing else, so that what is measured is whoever answers; two cores are shared with it. Rejects where an answer is not 200.
 */
export async function askOften(
  url: string,
  request: Buffer,
  connections: number,
  most: number,
  ms: number,
): Promise<number> {
  const until = performance.now() + ms
  let begun = 0
  let done = 0
  const one = async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.setNoDelay()
    try {
      await new Promise<void>((resolve, reject) => {
        const next = () => {
          if (begun >= most || performance.now() >= until) return resolve()
          begun += 1
          socket.write(request)
        }
        socket.on('error', reject)
        socket.on('close', () => reject(new Error(`${url} hung up`)))
        readAnswers(socket, (status) => {
          if (status !== 200) return reject(new Error(`${url} answered ${status}`))
          done += 1
          next()
        })
        socket.on('connect', next)
      })
    } finally {
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  return done
}

const HEAD_ENDS = '\r\n\r\n'
const CHUNKS_END = '0\r\n\r\n'

/** Calls `answered` at the end of each answer: of a said length, or in chunks. */
function readAnswers(socket: Socket, answered: (status: number) => void): void {
  let head = ''
  let status = 0
  /** Bytes that are still to come; of an answer in chunks, nobody knows. */
  let left = 0
  let tail = ''
  socket.on('data', (part: Buffer) => {
    let body = part
    if (status === 0) {
      head += part.toString('latin1')
      const end = head.indexOf(HEAD_ENDS)
      if (end < 0) return
      body = part.subarray(part.length - (head.length - end - HEAD_ENDS.length))
      const said = head.slice(0, end)
      status = Number(said.slice(9, 12))
      const length = /\r\ncontent-length: *(\d+)/i.exec(said)
      left = length ? Number(length[1]) : Number.POSITIVE_INFINITY
      head = ''
    }
    left -= body.length
    if (left === Number.POSITIVE_INFINITY) {
      tail = (tail + body.toString('latin1', Math.max(0, body.length - CHUNKS_END.length))).slice(
        -CHUNKS_END.length,
      )
      if (tail === CHUNKS_END) left = 0
    }
    if (left > 0) return
    const answer = status
    status = 0
    tail = ''
    answered(answer)
  })
}
