/** Longer names in an address name nothing. */
const MAX_NAME = 100

interface Place<T> {
  readonly next: Map<string, Place<T>>
  /** Where any name may stand. */
  any?: Place<T>
  readonly here: Map<string, { readonly route: T; readonly keys: readonly string[] }>
}

/** Signs that say a path ends before, or is written in a way that is to be undone first. */
const UNPLAIN = /[?%;#]/

/** Routes by method and address, `:name` standing for any one part. */
export interface Addresses<T> {
  add(method: string, address: string, route: T): void
  /** A part that is written out goes before one that stands for any. Finds nothing for a path with signs written as others. */
  find(method: string, path: string): Found<T> | undefined
}

interface Found<T> {
  readonly route: T
  readonly params: Readonly<Record<string, string>>
}

export function createAddresses<T>(): Addresses<T> {
  const written = new Map<string, Map<string, Found<T>>>()
  const root = emptyPlace<T>()
  return {
    add(method, address, route) {
      if (!address.includes(':')) {
        const ofMethod = written.get(method) ?? new Map<string, Found<T>>()
        ofMethod.set(address, { route, params: {} })
        written.set(method, ofMethod)
        return
      }
      const parts = address.split('/')
      let place = root
      for (const part of parts) {
        const known = part.startsWith(':') ? place.any : place.next.get(part)
        const next = known ?? emptyPlace<T>()
        if (part.startsWith(':')) place.any = next
        else place.next.set(part, next)
        place = next
      }
      const keys = parts.filter((part) => part.startsWith(':')).map((part) => part.slice(1))
      place.here.set(method, { route, keys })
    },
    find(method, path) {
      const whole = written.get(method)?.get(path)
      if (whole) return whole
      if (UNPLAIN.test(path)) return undefined
      const names: string[] = []
      let place = root
      for (const part of path.split('/')) {
        const known = place.next.get(part)
        const next = known ?? (part.length > 0 && part.length <= MAX_NAME ? place.any : undefined)
        if (!next) return undefined
        if (!known) names.push(part)
        place = next
      }
      const found = place.here.get(method)
      if (!found) return undefined
      const params: Record<string, string> = {}
      found.keys.forEach((key, i) => {
        params[key] = names[i] ?? ''
      })
      return { route: found.route, params }
    },
  }
}

const emptyPlace = <T>(): Place<T> => ({ next: new Map(), here: new Map() })
