import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Plugin } from 'vite'

interface PiecesNeeds {
  /** Entries with which nothing is shared: what they import is left to the bundler. */
  readonly apart: readonly string[]
  /** By a piece's name the module that needs it, which itself stays a file of its own; of two pieces that need the same the earlier has it. */
  readonly together: Readonly<Record<string, string>>
}

/** What always loads together lies in one file: a hundred files of one icon each are worth less to a compressor than one of all. Each piece holds what its module imports, however deep, but not what is fetched later; libraries lie apart from our own lines, which change more often. */
export function createPieces({ apart, together }: PiecesNeeds) {
  const places = new Map<string, string>()
  const plugin: Plugin = {
    name: 'pieces',
    apply: 'build',
    buildEnd() {
      const reach = (starts: readonly string[], found: Set<string>): Set<string> => {
        const ahead = [...starts]
        for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
          if (found.has(id)) continue
          found.add(id)
          ahead.push(...(this.getModuleInfo(id)?.importedIds ?? []))
        }
        return found
      }
      const alone = reach(apart, new Set())
      const own = new Set(Object.values(together))
      for (const [name, start] of Object.entries(together))
        for (const id of reach([start], new Set()))
          if (!own.has(id) && !alone.has(id) && !places.has(id)) places.set(id, name)
    },
  }
  const groups = Object.keys(together).flatMap((name) => [
    {
      name: `${name}-libraries`,
      test: (id: string) => places.get(id) === name && id.includes('/node_modules/'),
      priority: 2,
    },
    { name, test: (id: string) => places.get(id) === name, priority: 1 },
  ])
  return { plugin, groups }
}

const NAMED_ICONS = /import \{([^}]+)\} from ['"]lucide-react['"];?/g

/** Takes each icon from its own file. Through the list of all of them nobody but the bundler could tell who needs which. */
export function iconsByFile(): Plugin {
  const folder = join(createRequire(import.meta.url).resolve('lucide-react'), '../../esm')
  const files = new Map<string, string>()
  const list = readFileSync(join(folder, 'lucide-react.mjs'), 'utf8')
  for (const [, names = '', file = ''] of list.matchAll(
    /export \{([^}]+)\} from '(\.\/icons\/[\w-]+\.mjs)'/g,
  ))
    for (const [, name = ''] of names.matchAll(/default as (\w+)/g)) files.set(name, join(folder, file))
  return {
    name: 'icons-by-file',
    apply: 'build',
    transform: {
      filter: { id: /\/web\/src\/.*\.tsx?$/ },
      handler: (code) =>
        code.replace(NAMED_ICONS, (_, names: string) =>
          names
            .split(',')
            .map((one) => one.trim())
            .filter((one) => one !== '' && !one.startsWith('type '))
            .map((one) => {
              const [name = '', local = name] = one.split(' as ')
              const file = files.get(name)
              if (file === undefined) throw new Error(`lucide-react has no icon ${name}`)
              return `import ${local} from ${JSON.stringify(file)};`
            })
            .join(''),
        ),
    },
  }
}
