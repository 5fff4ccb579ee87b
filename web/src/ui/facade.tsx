const HOUSES = [
  { x: 26, top: 260, width: 120, columns: 3, floors: 4 },
  { x: 150, top: 104, width: 188, columns: 5, floors: 7 },
  { x: 336, top: 208, width: 154, columns: 4, floors: 5 },
] as const
const GROUND = 560
const PITCH = { x: 34, y: 52 }
const PANE = { width: 20, height: 30 }
const PLACES = HOUSES.reduce((sum, { columns, floors }) => sum + columns * floors, 0)
/** Up to here the panes stay wide enough to be seen. */
const MOST_FOLD = 4

interface FacadeProps {
  /** How many live here: there is a window for each, and one more for whoever stands at the door. */
  residents: number
  /** The window that is the viewer’s own: lit, waiting for them, or none. */
  yours?: 'lit' | 'waiting'
}

/** The street at the city’s door: a window for each resident. It never shows who is home, only the window that is yours. */
export function Facade({ residents, yours }: FacadeProps) {
  const fold = foldOf(residents + 1)
  return (
    <svg className="street" viewBox="0 60 520 500" preserveAspectRatio="xMidYMax meet" aria-hidden="true">
      {HOUSES.map((house, at) => (
        <House key={house.x} {...house} fold={fold} yours={at === 1 ? yours : undefined} />
      ))}
    </svg>
  )
}

/** How many times finer the windows must be so that everybody has one. */
export function foldOf(windows: number): number {
  let fold = 1
  while (PLACES * fold * fold < windows && fold < MOST_FOLD) fold += 1
  return fold
}

type HouseProps = (typeof HOUSES)[number] & { fold: number; yours: FacadeProps['yours'] }

function House({ x, top, width, columns, floors, fold, yours }: HouseProps) {
  const right = x + width
  const middle = x + width / 2
  const own = { column: fold, floor: 3 * fold }
  return (
    <>
      <path className="fr-roof" d={`M${x - 6} ${top}l14-38h${width - 16}l14 38z`} />
      <rect className="fr-wall" x={x} y={top} width={width} height={GROUND - top} />
      <path className="fr-line" d={`M${x} ${top + 8.5}h${width}M${x} 494H${right}`} />
      {windowsOf(columns * fold, floors * fold).map(({ column, floor }) => {
        const mine = yours !== undefined && column === own.column && floor === own.floor
        return (
          <rect
            key={`${column}:${floor}`}
            className={mine ? `fr-w ${yours === 'lit' ? 'on' : 'you'}` : 'fr-w'}
            x={x + 16 + (column * PITCH.x) / fold}
            y={top + 24 + (floor * PITCH.y) / fold}
            width={PANE.width / fold}
            height={PANE.height / fold}
            rx={2 / fold}
          />
        )
      })}
      <path className="fr-door" d={`M${middle - 13} ${GROUND}v-44q13-12 26 0v44z`} />
    </>
  )
}

const windowsOf = (columns: number, floors: number) =>
  Array.from({ length: columns * floors }, (_, at) => ({
    column: at % columns,
    floor: Math.floor(at / columns),
  }))
