import type { ColumnType } from 'kysely'

/** The map: districts and the places of rooms, on a plane of 1000 by 1000. */
export type MapTables = {
  'city.district': DistrictTable
  'city.place': PlaceTable
}

interface DistrictTable {
  id: string
  name: string
  x: number
  y: number
  width: number
  height: number
  created_at: ColumnType<Date | string, string, string>
}

interface PlaceTable {
  room: string
  district: string
  x: number
  y: number
}
