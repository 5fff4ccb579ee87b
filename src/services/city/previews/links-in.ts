const MAX_LINKS = 3
const MAX_URL = 2_000

/** The first addresses a text names, each once, as they will be opened. */
export function linksIn(text: string): string[] {
  const found = new Set<string>()
  for (const [raw] of text.matchAll(/https?:\/\/[^\s<>"'`«»]{1,2000}/gi)) {
    const address = trimmed(raw)
    if (!URL.canParse(address)) continue
    const url = new URL(address)
    url.hash = ''
    if (url.username === '' && url.password === '' && url.href.length <= MAX_URL) found.add(url.href)
    if (found.size === MAX_LINKS) break
  }
  return [...found]
}

/** Without the punctuation of the sentence it stands in, and a bracket that was opened before it. */
function trimmed(raw: string): string {
  let address = raw.replace(/[.,;:!?*_~|\]}]+$/, '')
  while (address.endsWith(')') && address.split(')').length > address.split('(').length)
    address = address.slice(0, -1)
  return address
}
