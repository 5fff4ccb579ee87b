import { z } from 'zod'
import { del, get, put } from '../../kernel/contract.ts'
import { Room } from './rooms.contract.ts'

const Coordinate = z.number().int().min(0).max(1000)
const Size = z.number().int().min(80).max(1000)

/** A part of the city: a rectangle on a plane of 1000 by 1000, from its upper left corner. */
export const District = z.object({
  id: z.string(),
  name: z.string(),
  x: Coordinate,
  y: Coordinate,
  width: Size,
  height: Size,
})
export type District = z.infer<typeof District>

/** A room on the map, its centre at x and y. */
export const Place = z.object({
  room: Room.pick({ id: true, slug: true, name: true, topic: true, visibility: true, membership: true }),
  district: z.string(),
  x: Coordinate,
  y: Coordinate,
  /** Whether somebody put it there; otherwise the city found it a place that does not move. */
  placed: z.boolean(),
  /** How many people have it open before their eyes, and how many agents answer in it. */
  here: z.number().int(),
  agents: z.number().int(),
  /** Whether the asker may move it. */
  movable: z.boolean(),
})
export type Place = z.infer<typeof Place>

const done = z.object({ done: z.literal(true) })

/** The city as a picture. */
export const mapOperations = {
  map: get('/api/city/map', {
    right: 'city.map.read',
    summary: 'Districts, and the rooms I may enter where they stand, with how many are there now',
    input: z.object({}),
    output: z.object({
      districts: z.array(District),
      places: z.array(Place),
      /** How many people are in the city now, and how many agents are at work. */
      inCity: z.number().int(),
      atWork: z.number().int(),
      /** Rooms the asker may put on the map, which stand nowhere yet. */
      placeless: z.array(Room.pick({ id: true, slug: true, name: true })),
    }),
  }),
  setPlace: put('/api/city/map/places/:room', {
    right: 'city.place.change',
    summary: 'Put a room somewhere in a district; for its owners',
    input: z.object({ room: z.string(), district: z.string().max(64), x: Coordinate, y: Coordinate }),
    output: done,
    errors: ['forbidden', 'conflict'],
  }),
  removePlace: del('/api/city/map/places/:room', {
    right: 'city.place.remove',
    summary: 'Take a room from where it was put',
    input: z.object({ room: z.string() }),
    output: done,
    errors: ['forbidden'],
  }),
  setDistrict: put('/api/city/map/districts/:district', {
    right: 'city.district.change',
    summary: 'Make a district, or change it',
    access: 'operator',
    input: z.object({
      district: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
      name: z.string().trim().min(1).max(80),
      x: Coordinate,
      y: Coordinate,
      width: Size,
      height: Size,
    }),
    output: District,
    errors: ['invalid'],
  }),
  removeDistrict: del('/api/city/map/districts/:district', {
    right: 'city.district.remove',
    summary: 'Take a district off the map; its rooms stand nowhere then',
    access: 'operator',
    input: z.object({ district: z.string() }),
    output: done,
    errors: ['conflict'],
  }),
}
