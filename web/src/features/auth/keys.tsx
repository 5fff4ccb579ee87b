import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { KeyRound, Plus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ApiKey } from '../../../../src/services/auth/keys.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { KeyOnce } from '../../ui/key-once.tsx'
import { PURPOSE_NAMES, type Purpose, purposesOf, scopesFor } from '../rights/scopes.ts'
import { ListState } from './list-state.tsx'
import { Revoke } from './revoke.tsx'

const KEYS = ['keys']
/** 0 stands for a key that does not expire. */
const LIFETIMES = [30, 90, 365, 0] as const

/** The keys that programs act with on a resident’s behalf. */
export function Keys() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<{ id: string; key: string; name: string } | null>(null)
  const keys = useQuery({ queryKey: KEYS, queryFn: async () => (await api.auth.keys({})).items })
  const revoke = useMutation({
    mutationFn: (key: string) => api.auth.revokeKey({ key }),
    onSuccess: (_, key) => {
      if (made?.id === key) setMade(null)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: KEYS }),
  })
  return (
    <section aria-labelledby="keys">
      <h2 id="keys">{t('auth.keys')}</h2>
      <p className="meta">{t('auth.keysHint')}</p>
      <p className="meta">
        <Link to="/multimodal">{t('multimodal.title')}</Link>
      </p>
      {made && (
        <KeyOnce
          icon={KeyRound}
          title={t('auth.keyOnce')}
          about={`«${made.name}»`}
          text={made.key}
          words={t('auth.copyWords', { returnObjects: true })}
          done={t('auth.kept')}
          lost={t('auth.keyLost')}
          onDone={() => setMade(null)}
        />
      )}
      <ListState query={keys} empty={t('auth.noKeys')} />
      {keys.data && keys.data.length > 0 && (
        <ul className="rows">
          {keys.data.map((key) => (
            <li className="set" key={key.id}>
              <b>
                {key.name} <span className="mono meta">{key.start}…</span>
              </b>
              <KeyUse of={key} />
              <Revoke
                id={key.id}
                act={t('auth.revoke')}
                about={key.name}
                title={t('auth.revokeTitle', { name: key.name })}
                consequence={t('auth.revokeKeyThen')}
                keep={t('auth.keepKey')}
                revoke={revoke}
              />
            </li>
          ))}
        </ul>
      )}
      <Button small icon={Plus} className="after" onClick={() => setMaking(true)}>
        {t('auth.newKey')}
      </Button>
      <MakeKey
        open={making}
        onClose={() => setMaking(false)}
        onMade={(key) => {
          setMade(key)
          setMaking(false)
          void queries.invalidateQueries({ queryKey: KEYS })
        }}
      />
    </section>
  )
}

function KeyUse({ of: key }: { of: ApiKey }) {
  const { t } = useTranslation()
  const format = useFormat()
  const parts = [
    t('auth.madeAt', { when: format.moment(key.createdAt) }),
    key.lastUsedAt ? t('auth.usedAt', { when: format.moment(key.lastUsedAt) }) : t('auth.notUsed'),
    key.expiresAt ? t('auth.until', { when: format.moment(key.expiresAt) }) : t('auth.forever'),
  ]
  const { purposes, others } = purposesOf(key.scopes ?? [])
  const reach = key.scopes ? [...purposes.map((name) => t(`rights.purpose.${name}`)), ...others] : []
  return <span className="meta">{[...parts, ...reach].join(' · ')}</span>
}

interface MakeKeyProps {
  open: boolean
  onClose: () => void
  onMade: (key: { id: string; key: string; name: string }) => void
}

function MakeKey({ open, onClose, onMade }: MakeKeyProps) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const [days, setDays] = useState<(typeof LIFETIMES)[number]>(90)
  const [reach, setReach] = useState<'all' | 'some'>('all')
  const [purposes, setPurposes] = useState<readonly Purpose[]>(['read'])
  const scopes = reach === 'some' ? scopesFor(purposes) : undefined
  const make = useMutation({
    mutationFn: (name: string) =>
      api.auth.makeKey({ name, ...(scopes && { scopes }), ...(days > 0 && { expiresInDays: days }) }),
    onSuccess: onMade,
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const name = String(new FormData(event.currentTarget).get('name')).trim()
    if (name !== '' && scopes?.length !== 0) make.mutate(name)
  }
  return (
    <Dialog title={t('auth.newKey')} open={open} onClose={onClose}>
      <form onSubmit={submit}>
        <LabelledField
          label={t('auth.keyName')}
          hint={t('auth.keyNameHint')}
          name="name"
          maxLength={80}
          required
        />
        <LabelledSelect
          label={t('auth.worksFor')}
          value={days}
          options={LIFETIMES.map((value) => ({
            value,
            label: value === 0 ? t('auth.untilRevoked') : t('auth.days', { count: value }),
          }))}
          onChange={setDays}
        />
        <Choice
          label={t('rights.reach')}
          value={reach}
          options={(['all', 'some'] as const).map((value) => ({
            value,
            label: t(`rights.reaches.${value}`),
          }))}
          onChange={setReach}
        />
        {reach === 'some' && <Purposes chosen={purposes} onChange={setPurposes} />}
        <FieldError error={scopes?.length === 0 ? t('rights.chooseOne') : undefined} />
        <FieldError error={make.error ? sentenceOf(failureOf(make.error), format.language) : undefined} />
        <div className="end">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button look="primary" type="submit" disabled={make.isPending}>
            {t('auth.makeKey')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface PurposesProps {
  chosen: readonly Purpose[]
  onChange: (chosen: readonly Purpose[]) => void
}

/** What a key is for, in plain words, each to be ticked. */
function Purposes({ chosen, onChange }: PurposesProps) {
  const { t } = useTranslation()
  return (
    <fieldset className="choice">
      <legend className="vh">{t('rights.reaches.some')}</legend>
      {PURPOSE_NAMES.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ currentTarget }) =>
              onChange(currentTarget.checked ? [...chosen, name] : chosen.filter((other) => other !== name))
            }
          />
          <span>{t(`rights.purpose.${name}`)}</span>
        </label>
      ))}
    </fieldset>
  )
}
