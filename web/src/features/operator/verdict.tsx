import { Check, CircleX, Diff, Download, TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/icon.tsx'

export type VerdictState =
  | 'ok'
  | 'degraded'
  | 'down'
  | 'none'
  | 'missing'
  | 'cooling'
  | 'ready'
  | 'pulling'
  | 'broken'
  | 'same'
  | 'differs'

const LOOKS = {
  ok: ['v-p', Check],
  ready: ['v-p', Check],
  degraded: ['v-d', TriangleAlert],
  cooling: ['v-d', TriangleAlert],
  missing: ['v-d', Download],
  pulling: ['v-m', Download],
  broken: ['v-f', CircleX],
  same: ['v-p', Check],
  differs: ['v-d', Diff],
  down: ['v-f', CircleX],
} as const

/** A state as a mark and a word; where nothing was measured it is hatched, which is not a weak pass. */
export function Verdict({ state, since }: { state: VerdictState; since?: string | undefined }) {
  const { t } = useTranslation()
  const words = [t(`operator.state.${state}`), since].filter(Boolean).join(' ')
  if (state === 'none')
    return (
      <span className="v v-n">
        <i className="hatch" />
        {words}
      </span>
    )
  const [look, icon] = LOOKS[state]
  return (
    <span className={`v ${look}`}>
      <Icon of={icon} size="s" />
      {words}
    </span>
  )
}
