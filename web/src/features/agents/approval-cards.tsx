import './agents.css'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Approval } from '../../../../src/services/agents/approvals.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { useToolName } from './use-tool-name.ts'

const LOOK_MS = 3_000

/** What an agent wants to do in a run, before it is done: exactly that, and who may say so. */
export function ApprovalCards({ run }: { run: string }) {
  const api = useApi()
  const list = useQuery({
    queryKey: ['approvals', run],
    queryFn: async () => (await api.agents.approvals({ run })).items,
    refetchInterval: LOOK_MS,
  })
  return list.data
    ?.filter(({ state }) => state === 'waiting')
    .map((approval) => <Card key={approval.id} of={approval} />)
}

function Card({ of }: { of: Approval }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const format = useFormat()
  const language = useLanguage()
  const nameOf = useToolName()
  const decide = useMutation({
    mutationFn: (decision: 'approve' | 'refuse' | 'always') =>
      api.agents.decide({ approval: of.id, decision }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['approvals', of.run] }),
  })
  const { text, ...rest } = of.input
  const busy = decide.isPending || decide.isSuccess
  return (
    <section className="approval" aria-label={t('agents.wants', { name: of.agent.name })}>
      <b>
        {t('agents.wants', { name: of.agent.name })}: {nameOf(of.tool)}
      </b>
      {typeof text === 'string' && <blockquote className="text">{text}</blockquote>}
      {Object.keys(rest).length > 0 && <pre>{JSON.stringify(rest, null, 2)}</pre>}
      {of.mine ? (
        <div className="row wrap">
          <Button small look="primary" disabled={busy} onClick={() => decide.mutate('approve')}>
            {t('agents.approve')}
          </Button>
          <Button small disabled={busy} onClick={() => decide.mutate('refuse')}>
            {t('agents.refuse')}
          </Button>
          {of.always && (
            <Button small look="quiet" disabled={busy} onClick={() => decide.mutate('always')}>
              {t('agents.always')}
            </Button>
          )}
        </div>
      ) : (
        <p className="meta">{t('agents.waitsFor')}</p>
      )}
      <p className="meta">{t('agents.expires', { at: format.time(of.expiresAt) })}</p>
      <FieldError error={decide.error ? sentenceOf(failureOf(decide.error), language) : undefined} />
    </section>
  )
}
