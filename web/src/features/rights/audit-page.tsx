import './rights.css'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditEntry } from '../../../../src/services/auth/audit.contract.ts'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { LabelledSelect } from '../../ui/field.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { ListState } from '../auth/list-state.tsx'
import { OperatorsOnly } from './operators-only.tsx'
import { rightsEn } from './words.en.ts'

const PAGE = 50
type Act = keyof typeof rightsEn.act
// The keys of the words are exactly Act; Object.keys forgets that.
const ACTS = Object.keys(rightsEn.act) as Act[]

/** Who changed whose rights, newest first. */
export function AuditPage() {
  const { t } = useTranslation()
  return (
    <OperatorsOnly title={t('rights.audit')}>
      <Log />
    </OperatorsOnly>
  )
}

function Log() {
  const { t } = useTranslation()
  const api = useApi()
  const [action, setAction] = useState<Act | ''>('')
  const [actor, setActor] = useState<{ id: string; name: string } | null>(null)
  const log = usePages({
    queryKey: ['audit', action, actor?.id],
    page: (after) =>
      api.auth.audit({
        limit: PAGE,
        ...(action !== '' && { action: actionOf(action) }),
        ...(actor && { actor: actor.id }),
        after,
      }),
  })
  const { items } = log
  return (
    <section aria-label={t('rights.audit')}>
      <p className="meta">{t('rights.auditHint')}</p>
      <div className="filters">
        <LabelledSelect
          label={t('rights.what')}
          value={action}
          options={[
            { value: '' as const, label: t('rights.anyAction') },
            ...ACTS.map((value) => ({ value, label: plain(t(`rights.act.${value}`)) })),
          ]}
          onChange={setAction}
        />
        {actor && (
          <Button small onClick={() => setActor(null)}>
            {actor.name} ×
          </Button>
        )}
      </div>
      <ListState
        query={{ data: items, error: log.error, refetch: log.refetch }}
        empty={t('rights.noEntries')}
      />
      {items && items.length > 0 && (
        <ol className="rows audit">
          {items.map((entry) => (
            <Entry key={entry.id} of={entry} onActor={setActor} />
          ))}
        </ol>
      )}
      <More of={log} />
    </section>
  )
}

interface EntryProps {
  of: AuditEntry
  onActor: (actor: { id: string; name: string }) => void
}

function Entry({ of: entry, onActor }: EntryProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { actor, actorName, detail } = entry
  const name = actorName ?? (actor === null ? t('rights.theCity') : actor)
  return (
    <li className="set">
      <span>
        {actor === null ? (
          <b>{name}</b>
        ) : (
          <button type="button" className="link" onClick={() => onActor({ id: actor, name })}>
            {name}
          </button>
        )}{' '}
        <Sentence of={entry} />
        {detail.reason && <q className="meta">{detail.reason}</q>}
      </span>
      <time className="meta" dateTime={entry.at}>
        {format.moment(entry.at)}
      </time>
    </li>
  )
}

function Sentence({ of: { action, subject, subjectName, detail } }: { of: AuditEntry }) {
  const { t } = useTranslation()
  const act = ACTS.find((known) => known === wordOf(action))
  // What this page has no words for is said by its own name.
  if (!act) return <span className="mono">{`${action} ${subjectName ?? subject}`}</span>
  const role = (value: unknown) =>
    value === 'owner' || value === 'admin' || value === 'resident' ? t(`auth.role.${value}`) : String(value)
  const params = {
    subject: subjectName ?? subject,
    name: String(detail.name ?? ''),
    from: role(detail.from),
    to: role(detail.to),
    role: detail.role === null ? t('rights.noRole') : String(detail.role ?? ''),
  }
  return <span>{t(`rights.act.${act}`, params)}</span>
}

/** Words go by `key_made` where the log says `key.made`. */
const wordOf = (action: string): string => action.replace('.', '_')
/** The log's name of a word: its last part is what was done. */
const actionOf = (word: string): string => word.replace(/_(?=[a-z]+(?:_over)?$)/, '.')

/** A sentence without the places that are filled in. */
const plain = (sentence: string): string =>
  sentence.replace(/\s*[:«“]?\s*\{\{\w+\}\}[»”]?(?:\s*→)?/g, '').trim()
