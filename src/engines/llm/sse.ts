const MAX_EVENT_CHARS = 4 * 1024 * 1024

/** The `data` of each server-sent event (WHATWG HTML, 9.2.6), in order. Bytes that are no UTF-8 and events over 4 MB reject; an event without its closing blank line is dropped, as the standard says. */
export async function* readSse(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const event = { data: [] as string[], chars: 0 }
  let rest = ''
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true })
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (event.data.length > 0) yield event.data.join('\n')
        event.data = []
        event.chars = 0
      } else take(line, event)
    }
    if (rest.length + event.chars > MAX_EVENT_CHARS) throw new TypeError('An event of the stream is too long')
  }
  decoder.decode()
}

function take(line: string, event: { data: string[]; chars: number }): void {
  const colon = line.indexOf(':')
  const field = colon < 0 ? line : line.slice(0, colon)
  if (field !== 'data') return
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
  event.data.push(value)
  event.chars += value.length
}
