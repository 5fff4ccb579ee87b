import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, type MouseEvent, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { District, Place } from '../../../../src/services/city/map.contract.ts'
import { isWay, nextOn, WAYS } from './walking.ts'

interface CityMapProps {
  districts: readonly District[]
  places: readonly Place[]
  chosen: Place | undefined
  /** Whether arrows and presses move the chosen room. */
  moving: boolean
  onChoose: (room: string) => void
  onMove: (to: { x: number; y: number }) => void
}

const RIVER = 'M1040 -140C860 60 640 240 480 372S110 790-150 1210'
const STEP = { near: 10, far: 50 }
const NAME = 22

/** The city as a picture: districts as blocks, rooms as houses, a lit window for each person there. One stop for the Tab key; from there arrows walk by direction. To a screen reader it is a list of links. */
export function CityMap({ districts, places, chosen, moving, onChoose, onMove }: CityMapProps) {
  const { t } = useTranslation()
  const plan = useRef<SVGSVGElement>(null)
  const stop = chosen ?? places[0]
  const first = useRef(stop?.room.id)
  useEffect(() => {
    // Where the map is larger than its window, it opens at a house rather than at a corner.
    const house = plan.current?.querySelector(`[data-room="${first.current}"]`)
    house?.scrollIntoView({ block: 'center', inline: 'center' })
  }, [])
  const walk = (event: KeyboardEvent) => {
    if (!isWay(event.key) || event.altKey || !stop) return
    event.preventDefault()
    if (moving) {
      const by = event.shiftKey ? STEP.far : STEP.near
      const way = WAYS[event.key]
      return onMove({ x: stop.x + way.x * by, y: stop.y + way.y * by })
    }
    const next = nextOn(places, stop, event.key)
    if (!next) return
    onChoose(next.room.id)
    plan.current?.querySelector<SVGAElement>(`[data-room="${next.room.id}"]`)?.focus()
  }
  const press = (event: MouseEvent<SVGSVGElement>) => {
    const matrix = event.currentTarget.getScreenCTM()
    if (!moving || !matrix) return
    event.preventDefault()
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse())
    onMove({ x: Math.round(x), y: Math.round(y) })
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a picture is no fieldset; it hears the arrows of the links in it
    <svg
      ref={plan}
      className={moving ? 'city moving' : 'city'}
      viewBox="0 0 1000 1000"
      preserveAspectRatio="xMidYMid slice"
      role="group"
      aria-label={`${t('map.label')}. ${t('map.keys')}`}
      onKeyDown={walk}
      onClickCapture={press}
    >
      <g>
        <path className="bank" d={RIVER} />
        <path className="water" d={RIVER} />
        {districts.map((district) => (
          <Block key={district.id} district={district} />
        ))}
      </g>
      {/* biome-ignore lint/a11y/useSemanticElements: a picture holds no HTML list */}
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a group of a picture is not acted on */}
      <g role="list">
        {places.map((place) => (
          // biome-ignore lint/a11y/useSemanticElements: nor its items
          // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: what is acted on is the link in it
          <g key={place.room.id} role="listitem">
            <House
              place={place}
              chosen={place.room.id === chosen?.room.id}
              stop={place.room.id === stop?.room.id}
              onChoose={onChoose}
            />
          </g>
        ))}
      </g>
    </svg>
  )
}

function Block({ district: { x, y, width, height, name } }: { district: District }) {
  const half = { x: x + width / 2, y: y + height / 2 }
  return (
    <>
      <rect className="blk" x={x - 40} y={y - 40} width={width + 80} height={height + 80} rx="14" />
      <path
        className="lane"
        d={`M${half.x} ${y - 40}V${y + height + 40}M${x - 40} ${half.y}H${x + width + 40}`}
      />
      <text className="dn" x={half.x} y={Math.max(24, y - 54)}>
        {name}
      </text>
    </>
  )
}

interface HouseProps {
  place: Place
  chosen: boolean
  stop: boolean
  onChoose: (room: string) => void
}

function House({ place, chosen, stop, onChoose }: HouseProps) {
  const { t } = useTranslation()
  const { room, x, y, here, agents } = place
  const who = [
    here > 0 ? t('map.here', { count: here }) : t('map.nobody'),
    ...(agents > 0 ? [t('map.agents', { count: agents })] : []),
  ].join(', ')
  const press = (event: MouseEvent) => {
    // The first press shows what the room is; keys and the second press go in.
    if (chosen || event.detail === 0) return
    event.preventDefault()
    onChoose(room.id)
  }
  return (
    <Link
      to="/rooms/$room"
      params={{ room: room.slug }}
      className={chosen ? 'pl me' : 'pl'}
      data-room={room.id}
      tabIndex={stop ? 0 : -1}
      aria-label={`${room.name}: ${who}`}
      onFocus={() => onChoose(room.id)}
      onClick={press}
    >
      <path className="house" d={`M${x - 34} ${y - 14}l8-20h52l8 20v44h-68z`} />
      <Windows x={x} y={y} here={here} agents={agents} />
      <text className="rn" x={x} y={y + 50}>
        {room.name.length > NAME ? `${room.name.slice(0, NAME - 1)}…` : room.name}
      </text>
    </Link>
  )
}

const COLUMNS = 4
const WINDOWS = 8

function Windows({ x, y, here, agents }: { x: number; y: number; here: number; agents: number }) {
  const lit = Math.min(here, WINDOWS - Math.min(agents, 2))
  const copper = Math.min(agents, WINDOWS - lit)
  return Array.from({ length: WINDOWS }, (_, at) => {
    const look = at < lit ? 'wl' : at < lit + copper ? 'wa' : 'wd'
    const place = { x: x - 25 + (at % COLUMNS) * 14, y: y - 6 + Math.floor(at / COLUMNS) * 16 }
    return <rect key={`${place.x}:${place.y}`} className={look} {...place} width="8" height="10" rx="1.5" />
  })
}
