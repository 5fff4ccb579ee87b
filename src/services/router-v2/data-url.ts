import { routerV2Error } from './router-v2.errors.ts'

const HEAD = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w-]+=[^;,]{0,100})*;base64,/
const MAX_HEAD = 400

/** Reads `data:<mime>;base64,…`; rejects what is cut or holds anything but base64, and what is over the limit before it is decoded. */
export function readDataUrl(
  url: string,
  name: string,
  maxBytes: number,
): { bytes: Uint8Array; mime: string } {
  const head = HEAD.exec(url.slice(0, MAX_HEAD))
  if (!head) throw routerV2Error('router_v2.bad_data_url', { name })
  const [prefix, mime = ''] = head
  const padding = url.endsWith('==') ? 2 : url.endsWith('=') ? 1 : 0
  const expected = Math.floor(((url.length - prefix.length - padding) * 3) / 4)
  if (expected > maxBytes) {
    const megabytes = Math.ceil((expected / 1024 ** 2) * 10) / 10
    throw routerV2Error('router_v2.part_too_large', {
      name,
      megabytes,
      limit: Math.floor(maxBytes / 1024 ** 2),
    })
  }
  const bytes = Buffer.from(url.slice(prefix.length), 'base64')
  // Node passes over what is no base64, so the length shows it.
  if (bytes.length !== expected || expected === 0) throw routerV2Error('router_v2.bad_data_url', { name })
  return { bytes, mime: mime.toLowerCase() }
}
