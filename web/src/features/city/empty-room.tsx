import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { Button } from '../../ui/button.tsx'
import { piece } from '../../ui/piece.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { useCity } from './city-context.tsx'
import { agentsQuery } from './members.ts'

const FirstSteps = piece(async () => (await import('../operator/first-steps.tsx')).FirstSteps)

/** A room where nobody has spoken yet. */
export function EmptyRoom({ room, onWrite }: { room: Room; onWrite: () => void }) {
  const { t } = useTranslation()
  const { me } = useCity()
  const agents = useQuery(agentsQuery(useApi()))
  const [slug] = room.replyPolicy.mode === 'off' ? [] : room.replyPolicy.agents
  const agent = agents.data?.find((one) => one.slug === slug)?.name
  const direct = room.visibility === 'direct' && agent !== undefined
  const hint = agent ? t('city.emptyHint', { agent }) : t('city.emptyHintAlone')
  return (
    <EmptyState title={direct ? t('city.emptyDirect', { agent }) : t('city.empty')}>
      <p>{direct ? t('city.emptyDirectHint', { agent }) : hint}</p>
      {room.slug === 'square' && isOperator(me) ? (
        <FirstSteps onWrite={onWrite} />
      ) : (
        <div className="row">
          <Button look="primary" small onClick={onWrite}>
            {t('city.writeFirst')}
          </Button>
        </div>
      )}
    </EmptyState>
  )
}
