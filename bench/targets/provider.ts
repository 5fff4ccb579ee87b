// A provider that costs as little as node:http can: one answer of 1 kB, or a stream whose frames are numbered. `frames` and `every` (ms) of the query say how it streams.
import { createServer } from 'node:http'

const usage = { prompt_tokens: 180, completion_tokens: 60, total_tokens: 240 }
const about = { id: 'chatcmpl-bench', created: 1, model: 'm' }
const whole = JSON.stringify({
  ...about,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(800) }, finish_reason: 'stop' }],
  usage,
})
const frame = (n: number, finish: string | null) =>
  `data: ${JSON.stringify({
    ...about,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content: ` ${n}` }, finish_reason: finish }],
  })}\n\n`

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const body = Buffer.concat(parts)
    const asked = /"user":"(\d+) (\d+)"/.exec(body.toString('latin1'))
    if (!asked) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length })
      return response.end(whole)
    }
    const [frames, every] = [Number(asked[1]), Number(asked[2])]
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let n = 0
    const say = () => {
      // A pause between frames, or as fast as they are taken.
      while (n < frames) {
        const flows = response.write(frame(n, n === frames - 1 ? 'stop' : null))
        n += 1
        if (every > 0 && n < frames) return void setTimeout(say, every)
        if (!flows) return void response.once('drain', say)
      }
      response.end('data: [DONE]\n\n')
    }
    say()
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) console.log(`http://127.0.0.1:${address.port}`)
})
process.on('disconnect', () => process.exit())
