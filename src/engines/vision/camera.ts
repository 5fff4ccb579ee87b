import exifr from 'exifr'
import type { Sight } from './vision.ts'

/** Where and when a camera says that it took a photo; undefined where it says nothing. In a child process only. */
export async function cameraSays(bytes: Uint8Array): Promise<Sight['camera']> {
  const told: unknown = await exifr
    .parse(bytes, {
      pick: [
        'DateTimeOriginal',
        'OffsetTimeOriginal',
        'GPSLatitude',
        'GPSLatitudeRef',
        'GPSLongitude',
        'GPSLongitudeRef',
      ],
      reviveValues: false,
    })
    .catch(() => undefined)
  if (typeof told !== 'object' || told === null) return undefined
  const {
    DateTimeOriginal: time,
    OffsetTimeOriginal: offset,
    latitude,
    longitude,
  } = told as Record<string, unknown>
  const takenAt = timeOf(time, offset)
  const place = isDegree(latitude, 90) && isDegree(longitude, 180) ? { latitude, longitude } : undefined
  if (!takenAt && !place) return undefined
  return { ...(takenAt && { takenAt }), ...(place && { place }) }
}

const isDegree = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Math.abs(value) <= most

/** EXIF has `2026:11:23 10:15:00`, and since 2.31 the offset beside it; without it the time is the camera's own. */
function timeOf(time: unknown, offset: unknown): string | undefined {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)$/.exec(typeof time === 'string' ? time : '')
  if (!parts) return undefined
  const [, year, month, day, clock] = parts
  const zone = typeof offset === 'string' && /^[+-]\d\d:\d\d$/.test(offset) ? offset : ''
  const told = `${year}-${month}-${day}T${clock}${zone}`
  return Number.isNaN(Date.parse(told)) ? undefined : told
}
