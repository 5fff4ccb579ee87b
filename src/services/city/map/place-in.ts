import type { District } from '../map.contract.ts'

const STEP = 120

/** The place of the n-th room in a district, row by row; when it is full, between the places of the round before. A place depends on nothing but its number, so it never moves. */
export function placeIn(district: District, n: number): { district: string; x: number; y: number } {
  const columns = Math.max(1, Math.floor(district.width / STEP))
  const rows = Math.max(1, Math.floor(district.height / STEP))
  const round = Math.floor(n / (columns * rows))
  const at = n % (columns * rows)
  const between = (round % 2) * (STEP / 2)
  const inside = (from: number, size: number, value: number) =>
    Math.round(Math.min(from + size, from + value + between))
  return {
    district: district.id,
    x: inside(district.x, district.width, ((at % columns) + 0.5) * (district.width / columns)),
    y: inside(district.y, district.height, (Math.floor(at / columns) + 0.5) * (district.height / rows)),
  }
}
