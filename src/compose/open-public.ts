import type { SafeFetch } from '../platform/fetch/fetch.ts'

/** Opens addresses of the public internet alone. Its HTTP client is read only where somebody opens one. */
export const openPublic: SafeFetch = async (address, options) => {
  const { createSafeFetch } = await import('../platform/fetch/fetch.ts')
  return await createSafeFetch()(address, options)
}
