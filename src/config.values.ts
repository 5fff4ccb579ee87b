import { isIP } from 'node:net'

export interface Variable<T = unknown> {
  readonly about: string
  /** As the documentation shows it. */
  readonly fallback: string
  read(value: string): T
}

/** Tells what would be right; `readConfig` adds the variable’s name. */
export class Fault extends Error {}

/** Anything. */
export const text = (about: string, fallback: string): Variable<string> => ({
  about,
  fallback,
  read: (value) => value,
})

const PRICE = /^((?:stt|tts|ocr|vision|parser|search|reader|embeddings|rerank)\.[\w-]+)=(\d+(?:\.\d+)?)$/

/** Names and dollars, by comma. */
export const prices = (about: string): Variable<Readonly<Record<string, number>>> => ({
  about,
  fallback: '',
  read(value) {
    const named = value.split(',').map((one): [string, number] => {
      const [, name, dollars] = PRICE.exec(one.trim()) ?? []
      if (name === undefined) throw new Fault('must be such as search.brave=5,stt.openai=0.1')
      return [name, Number(dollars)]
    })
    return Object.fromEntries(named)
  },
})

/** A whole number within its bounds. */
export const whole = (about: string, fallback: number, min: number, max: number): Variable<number> => ({
  about,
  fallback: String(fallback),
  read(value) {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= min && number <= max)) throw new Fault(`must be a whole number from ${min} to ${max}`)
    return number
  },
})

/** An address of one of some schemes. */
export const url = (about: string, fallback: string, ...schemes: readonly string[]): Variable<string> => ({
  about,
  fallback,
  read(value) {
    const parsed = URL.canParse(value) ? new URL(value) : null
    if (!parsed || !schemes.includes(parsed.protocol.slice(0, -1)))
      throw new Fault(`must be an address that begins with ${schemes.map((s) => `${s}://`).join(' or ')}`)
    return value
  },
})

/** An address or the name of a machine. */
export const host = (about: string, fallback: string): Variable<string> => ({
  about,
  fallback,
  read(value) {
    if (isIP(value) === 0 && !/^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i.test(value))
      throw new Fault('must be an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them')
    return value
  },
})

/** Addresses or networks, by comma. */
export const networks = (about: string, fallback: string): Variable<string> => ({
  about,
  fallback,
  read(value) {
    const wrong = value.split(',').filter((one) => !isNetwork(one.trim()))
    if (wrong.length > 0)
      throw new Fault('must be addresses or networks by comma, such as 127.0.0.1,10.0.0.0/8, or loopback')
    return value
  },
})

function isNetwork(value: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(value)) return true
  const [address = '', bits, more] = value.split('/')
  const version = isIP(address)
  if (version === 0 || more !== undefined) return false
  return (
    bits === undefined ||
    (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= (version === 4 ? 32 : 128))
  )
}

/** One of a few words. */
export const choice = (about: string, fallback: string, options: readonly string[]): Variable<string> => ({
  about,
  fallback,
  read(value) {
    if (!options.includes(value)) throw new Fault(`must be one of ${options.join(', ')}`)
    return value
  },
})

/** Names of drivers in their order; which there are is known where they are made. */
export const order = (engine: string, usual: string): Variable<readonly string[]> => ({
  about: `The drivers of ${engine} in the order they are tried, by comma; one that is not named is not used. \`peer\` is the node of its PEER variable.`,
  fallback: usual,
  read(value) {
    const names = value.split(',').map((name) => name.trim())
    if (names.some((name) => !/^[a-z][a-z0-9-]*$/.test(name)))
      throw new Fault('must be names of drivers by comma')
    return names
  },
})

/** Signs sessions and service tokens. */
export const longSecret: Variable<string> = {
  about:
    'At least 32 characters of chance; signs sessions and service tokens. The same in every process of one city.',
  fallback: 'made at the first start and kept in DATA_DIR',
  read(value) {
    if (value.length < 32) throw new Fault('must be at least 32 characters')
    return value
  },
}
