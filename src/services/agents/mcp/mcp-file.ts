import { z } from 'zod'
import { OutsideRisk } from '../servers.contract.ts'

const Slug = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'small letters, digits and hyphens, 20 at most')
const Variable = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*_KEY$/, 'the name of an environment variable that ends with _KEY')
const Risks = z.record(z.string().min(1).max(128), OutsideRisk).default({})

const Program = z.strictObject({
  /** Found as the shell finds it; run without one. */
  command: z.string().min(1).max(500),
  args: z.array(z.string().max(2_000)).max(50).default([]),
  /** The only variables of the city's that it gets, besides PATH, HOME and the like. */
  env: z.array(Variable).max(20).default([]),
  risks: Risks,
})

const Address = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  /** The variable that holds its key. */
  key: Variable.optional(),
  /** The header that carries the key; without it the key is a bearer. */
  header: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9-]{0,60}$/)
    .optional(),
  /** Whoever runs the city connects it on the page of servers. */
  oauth: z.boolean().default(false),
  /** Further origins of its own, such as where it lets people in; like its address they may be internal. */
  origins: z
    .array(z.url({ protocol: /^https?$/ }))
    .max(10)
    .default([]),
  risks: Risks,
})

const Entry = z.union([Program, Address], {
  error: 'either command (with args, env, risks) or url (with key, header, oauth, origins, risks)',
})

/** `config/mcp.yaml`: the servers of tools that agents may use. Programs are started from here alone. */
export const McpFile = z.strictObject({
  servers: z
    .record(Slug, Entry)
    .refine((servers) => Object.keys(servers).length <= 20, '20 servers at most')
    .default({}),
})
export type McpFile = z.infer<typeof McpFile>

export const NO_SERVERS: McpFile = { servers: {} }
