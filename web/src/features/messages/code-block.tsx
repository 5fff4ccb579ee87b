import { createElement, Fragment, type ReactNode, useEffect, useState } from 'react'

/** What the highlighter hands out: a tree of elements and texts. */
interface Tree {
  readonly type: string
  readonly value?: string
  readonly properties?: { readonly className?: unknown }
  readonly children?: readonly Tree[]
}

/** No longer code is coloured: it would hold the page. */
const MOST = 20_000

/** Code as it is written, coloured once the highlighter is there. It is built as elements, never as markup. */
export function CodeBlock({ code, language }: { code: string; language: string }) {
  const [tree, setTree] = useState<Tree | null>(null)
  useEffect(() => {
    if (language === '' || code.length > MOST) return
    let here = true
    void import('./highlight.ts').then(
      ({ highlight }) => here && setTree(highlight(language, code)),
      // Without the highlighter it stays as it is written.
      () => undefined,
    )
    return () => {
      here = false
    }
  }, [code, language])
  return (
    <pre className="code" data-language={language || undefined}>
      <code>{tree ? nodes(tree.children ?? []) : code}</code>
    </pre>
  )
}

const nodes = (trees: readonly Tree[]): ReactNode[] =>
  trees.map((tree, i) => {
    const key = String(i)
    if (tree.type === 'text') return createElement(Fragment, { key }, tree.value)
    const classes = Array.isArray(tree.properties?.className) ? tree.properties.className.join(' ') : ''
    return createElement('span', { key, className: classes }, ...nodes(tree.children ?? []))
  })
