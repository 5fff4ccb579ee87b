const MOST = 1e12

/** How much of a unit, as one writes it, with a point or a comma; null for what is no amount. */
export function amountOf(typed: string): number | null {
  const text = typed.replaceAll(/\s/g, '').replace(',', '.')
  if (!/^\d+(?:\.\d*)?$/.test(text)) return null
  const amount = Number(text)
  return amount <= MOST ? amount : null
}
