import type { Plugin } from 'vite'

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

const VERBS = new Set(['get', 'post', 'put', 'patch', 'del'])
/** What the city alone reads of an operation: a client needs its method, path and output. */
const SERVERS = new Set(['summary', 'right', 'access', 'status', 'errors', 'input'])

/** Leaves out of the contracts what only the city reads: sentences about operations, rights, and schemas of what is sent, which the city judges. */
export function contractsOfClients(): Plugin {
  return {
    name: 'contracts-of-clients',
    apply: 'build',
    enforce: 'post',
    transform: {
      filter: { id: /\/src\/services\/.*\.contract\.ts$/ },
      handler(code) {
        const cuts: Node[] = []
        visit(this.parse(code) as unknown as Node, (node) => {
          const { callee, arguments: given } = node as Node & { callee?: Node; arguments?: Node[] }
          const spec = given?.[1]
          if (node.type !== 'CallExpression' || !VERBS.has(String(callee?.name)) || !spec) return
          for (const property of (spec.properties ?? []) as Node[])
            if (SERVERS.has(String((property.key as Node | undefined)?.name))) cuts.push(property)
        })
        let short = code
        for (const { start, end } of cuts.toSorted((a, b) => b.start - a.start))
          short = short.slice(0, start) + short.slice(end).replace(/^\s*,/, '')
        return { code: short, map: null }
      },
    },
  }
}

function visit(node: Node, look: (node: Node) => void): void {
  look(node)
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child === 'object' && child !== null && typeof child.type === 'string') visit(child, look)
}
