import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { Case, Outcome } from '../../../../src/services/city/moderation.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { useCity } from '../city/city-context.tsx'
import { DisableButton } from './disable-button.tsx'
import { SanctionFields, useSanctionWish } from './sanction-fields.tsx'

type Chosen = Exclude<Outcome, 'gone'>
/** These say why. */
const REASONED: readonly Outcome[] = ['removed', 'muted', 'banned']
const HARSH: readonly Outcome[] = ['removed', 'banned', 'refused']

/** One case: what it is about, the words as they were kept, and how it can end. */
export function CaseCard({ of: one }: { of: Case }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const format = useFormat()
  const { me } = useCity()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const { subject, reporter, room, takenBy, kept, words, sanction } = one
  const take = useMutation({
    mutationFn: () => api.city.takeReport({ report: one.id, take: takenBy?.id !== me.id }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['reports'] }),
  })
  const open = one.state !== 'settled'
  return (
    <article className="case" aria-label={`${t(`moderation.kind.${one.kind}`)}: ${subject.name}`}>
      <header className="row wrap">
        <span className={one.kind === 'held' ? 'tag tag-p' : 'tag'}>{t(`moderation.kind.${one.kind}`)}</span>
        {one.reason && <b>{t(`moderation.reason.${one.reason}`)}</b>}
        <span className="grow" />
        <time className="meta" dateTime={one.createdAt}>
          {format.moment(one.createdAt)}
        </time>
      </header>
      <p className="row wrap">
        <Avatar of={subject} small />
        <b>{subject.name}</b>
        <span className="meta">
          {room ? room.name : t('moderation.inCity')}
          {reporter && ` · ${t('moderation.from', { name: reporter.name })}`}
          {takenBy && open && ` · ${t('moderation.takenBy', { name: takenBy.name })}`}
        </span>
      </p>
      {kept !== null && <blockquote>{kept}</blockquote>}
      {kept === null && open && one.message !== null && <p className="meta">{t('moderation.wordsGone')}</p>}
      {sanction && (
        <p className="meta">
          {sanction.kind === 'mute' && sanction.until !== null
            ? t('moderation.restricted.mute', {
                until: format.moment(sanction.until),
                reason: sanction.reason,
              })
            : t('moderation.restricted.ban', { reason: sanction.reason })}
        </p>
      )}
      {words !== '' && <p>{words}</p>}
      {one.outcome && (
        <p>
          <b>{t(`moderation.outcome.${one.outcome}`)}</b> {one.answer !== null && <q>{one.answer}</q>}
        </p>
      )}
      <div className="row wrap">
        {one.may.map((outcome) =>
          outcome === 'gone' ? null : (
            <Button key={outcome} small onClick={() => setChosen(outcome)}>
              {t(`moderation.act.${outcome}`)}
            </Button>
          ),
        )}
        {open && (
          <Button small look="quiet" disabled={take.isPending} onClick={() => take.mutate()}>
            {t(takenBy?.id === me.id ? 'moderation.putBack' : 'moderation.take')}
          </Button>
        )}
        {open && isOperator(me) && subject.kind === 'person' && <DisableButton of={subject} />}
        {room && one.message !== null && one.outcome === null && (
          <Link
            className="btn btn-s btn-q"
            to="/rooms/$room"
            params={{ room: room.slug }}
            search={{ message: one.message }}
          >
            {t('moderation.open')}
          </Link>
        )}
      </div>
      {chosen && <SettleDialog of={one} outcome={chosen} onClose={() => setChosen(null)} />}
    </article>
  )
}

function SettleDialog({ of: one, outcome, onClose }: { of: Case; outcome: Chosen; onClose: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const wish = useSanctionWish()
  const reason = wish.reason.trim()
  const reasoned = REASONED.includes(outcome)
  const settle = useMutation({
    mutationFn: () =>
      api.city.settleReport({
        report: one.id,
        outcome,
        ...(reason !== '' && { reason }),
        ...(outcome === 'muted' && { until: wish.until() }),
      }),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ['reports'] }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!reasoned || reason !== '') settle.mutate()
  }
  return (
    <Dialog title={`${t(`moderation.act.${outcome}`)}: ${one.subject.name}`} open onClose={onClose}>
      <form onSubmit={submit}>
        {reasoned ? (
          <SanctionFields wish={wish} timed={outcome === 'muted'} />
        ) : (
          <LabelledField
            label={t('moderation.answer')}
            value={wish.reason}
            maxLength={300}
            onChange={(event) => wish.setReason(event.target.value)}
          />
        )}
        <FieldError error={settle.error ? sentenceOf(failureOf(settle.error), language) : undefined} />
        <div className="end">
          <Button look="quiet" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button
            look={HARSH.includes(outcome) ? 'danger' : 'primary'}
            type="submit"
            disabled={settle.isPending || (reasoned && reason === '')}
          >
            {t(`moderation.act.${outcome}`)}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
