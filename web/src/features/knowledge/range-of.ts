import { locate } from '../city/quote.ts'

/** Where a quote stands in what is shown, however it is marked up; null where it does not. */
export function rangeOf(root: Node, quote: string): Range | null {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const nodes: { readonly node: Text; readonly start: number }[] = []
  let text = ''
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!(node instanceof Text)) continue
    nodes.push({ node, start: text.length })
    text += node.data
  }
  const place = locate(text, quote)
  if (!place) return null
  const at = (position: number) => nodes.findLast(({ start }) => start <= position)
  const [first, last] = [at(place.start), at(place.end - 1)]
  if (!first || !last) return null
  const range = document.createRange()
  range.setStart(first.node, place.start - first.start)
  range.setEnd(last.node, place.end - last.start)
  return range
}
