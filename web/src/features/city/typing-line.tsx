import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { useCity, useLine } from './city-context.tsx'
import { agentsQuery } from './members.ts'
import { openRuns, type Timeline } from './timeline.ts'

const STEPS = ['parts', 'retrieve', 'model'] as const
type Step = (typeof STEPS)[number]

/** Who writes and what agents are at, in words, over the composer. */
export function TypingLine({ room, timeline }: { room: string; timeline: Timeline }) {
  const { t } = useTranslation()
  const { typists } = useCity()
  const line = useLine()
  const agentsKnown = useQuery(agentsQuery(useApi()))
  const nameOf = (slug: string) => agentsKnown.data?.find((agent) => agent.slug === slug)?.name ?? slug
  const names = useSyncExternalStore(typists.subscribe, () => typists.in(room))
  const runs = openRuns(timeline.messages)
  const say = (id: string, state: 'queued' | 'running') => {
    const step = timeline.streams[id]?.step
    return isStep(step) ? t(`city.stepNow.${step}`) : t(`city.runState.${state}`)
  }
  const people = names.slice(0, 2).map((name) => t('city.writes', { name }))
  const agents = runs.slice(0, 3).map(({ run }) => {
    const work = say(run.id, run.state === 'queued' ? 'queued' : 'running')
    return t('city.isAt', { name: nameOf(run.agent), work })
  })
  // Without a line nobody knows what anyone is doing.
  if (line.state === 'offline') return <div className="typing" aria-hidden="true" />
  return (
    <div className="typing" aria-hidden="true">
      {people.length + agents.length > 0 && <i className="lit breathe" />}
      <span className="trim">
        {people.join(' · ')}
        {people.length > 0 && agents.length > 0 && ' · '}
        <span className="text-patina-ink">{agents.join(' · ')}</span>
      </span>
    </div>
  )
}

/** Whether a word from the wire names a step that this page knows. */
export const isStep = (step: string | null | undefined): step is Step => STEPS.some((known) => known === step)
