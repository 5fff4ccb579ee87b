import type { Writable } from 'node:stream'

/** Where a command reads its settings and writes its answers. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: Writable & { readonly isTTY?: boolean }
  readonly err: Writable & { readonly isTTY?: boolean }
}

/** Ends a command: a sentence for the person, and the exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

export const line = (to: Writable, text: string): void => {
  to.write(`${text}\n`)
}

/** Answers a program with one JSON document, or a person with words. */
export function answer(terminal: Terminal, json: boolean | undefined, data: unknown, words: string): void {
  line(terminal.out, json ? JSON.stringify(data, null, 2) : words)
}

/** Rows under each other in columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, [...cell].length)
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - [...cell].length))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
