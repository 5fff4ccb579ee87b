import type { ErrorEntry } from '../../../src/kernel/errors.ts'

/** Every part of the city declares its errors in a public `*.errors.ts`; their sentences are the page's too. */
const modules = import.meta.glob<Record<string, unknown>>('../../../src/**/*.errors.ts', { eager: true })

/** By code, in both languages. */
export const declared = new Map<string, ErrorEntry>()
for (const module of Object.values(modules))
  for (const value of Object.values(module))
    if (typeof value === 'function' && 'entries' in value)
      // A catalogue is the only exported function that carries `entries`.
      for (const [code, entry] of Object.entries(value.entries as Record<string, ErrorEntry>))
        declared.set(code, entry)
