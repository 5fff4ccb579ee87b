import type { Sight } from './vision.ts'

const MOST = 5
/** Of the picture; less is a speck. */
const LEAST = 0.03
/** How far apart two colours lie that stand by themselves, in steps of 0…255 over red, green and blue. */
const APART = 64

interface Cluster {
  red: number
  green: number
  blue: number
  count: number
}

/** What a picture is mostly coloured in, the most first, from RGB bytes; shares are of the whole picture. */
export function dominantColours(rgb: Uint8Array): Sight['colours'] {
  const cells = new Map<number, Cluster>()
  for (let at = 0; at + 2 < rgb.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = rgb.subarray(at, at + 3)
    const key = ((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4)
    const cell = cells.get(key) ?? { red: 0, green: 0, blue: 0, count: 0 }
    cells.set(key, {
      red: cell.red + red,
      green: cell.green + green,
      blue: cell.blue + blue,
      count: cell.count + 1,
    })
  }
  const clusters: Cluster[] = []
  for (const cell of [...cells.values()].sort((a, b) => b.count - a.count)) {
    const near = clusters.find((cluster) => distance(cluster, cell) < APART)
    if (!near) clusters.push({ ...cell })
    else {
      near.red += cell.red
      near.green += cell.green
      near.blue += cell.blue
      near.count += cell.count
    }
  }
  const pixels = Math.floor(rgb.length / 3)
  return clusters
    .map((cluster) => ({ hex: hexOf(cluster), share: Math.round((cluster.count / pixels) * 100) / 100 }))
    .filter(({ share }) => share >= LEAST)
    .sort((a, b) => b.share - a.share)
    .slice(0, MOST)
}

const mean = ({ blue, count, green, red }: Cluster) => [red / count, green / count, blue / count]

function distance(a: Cluster, b: Cluster): number {
  const other = mean(b)
  return Math.hypot(...mean(a).map((part, i) => part - (other[i] ?? 0)))
}

const hexOf = (cluster: Cluster): string =>
  `#${mean(cluster)
    .map((part) => Math.round(part).toString(16).padStart(2, '0'))
    .join('')}`
