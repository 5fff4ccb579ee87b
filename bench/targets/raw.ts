// The same answer from node:http alone: no headers, no ids, no metrics; with `validate` the same schemas judge it.
import { createServer } from 'node:http'
import { In, Out } from './shape.ts'

const validate = process.argv.includes('validate')
const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (part: string) => {
    text += part
  })
  request.on('end', () => {
    const given: unknown = JSON.parse(text)
    const { room, seq } = validate ? In.parse(given) : (given as { room: string; seq: number })
    const answer = { room, readSeq: seq, items: [] }
    const body = JSON.stringify(validate ? Out.parse(answer) : answer)
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) console.log(`http://127.0.0.1:${address.port}`)
})
process.on('disconnect', () => process.exit())
