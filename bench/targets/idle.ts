// A process that does nothing but watch its own event loop: what the machine takes from anybody. Each request tells what was seen since the last, in ms.
import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const seen = monitorEventLoopDelay()
seen.enable()
const server = createServer((_request, response) => {
  response.end(JSON.stringify({ worst: seen.max / 1e6, p99: seen.percentile(99) / 1e6 }))
  seen.reset()
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) console.log(`http://127.0.0.1:${address.port}`)
})
process.on('disconnect', () => process.exit())
