import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Trigger } from '../../../../src/services/agents/automations.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { useRooms } from '../city/city-context.tsx'

const KINDS = ['schedule', 'document', 'member', 'keyword'] as const

/** Lets an agent act by itself. */
export function AutomationForm() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const rooms = useRooms()
  const agents = useQuery({
    queryKey: ['agents', 'all', false],
    queryFn: async () => (await api.agents.agents({ all: false })).items,
  })
  const [name, setName] = useState('')
  const [task, setTask] = useState('')
  const [agent, setAgent] = useState('')
  const [room, setRoom] = useState('')
  const [kind, setKind] = useState<Trigger['kind']>('schedule')
  const [cron, setCron] = useState('0 9 * * 1')
  const [zone, setZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [words, setWords] = useState('')
  const [collection, setCollection] = useState('')
  const [perHour, setPerHour] = useState(6)
  const named = agent || (agents.data?.[0]?.slug ?? '')
  const placed = room || (rooms.data?.[0]?.id ?? '')
  const make = useMutation({
    mutationFn: () =>
      api.agents.makeAutomation({
        ...{ name, task, perHour },
        agent: named,
        room: placed,
        trigger: triggerOf(kind, { cron, zone, words, collection }),
      }),
    onSuccess: async () => {
      setName('')
      setTask('')
      await queries.invalidateQueries({ queryKey: ['automations'] })
    },
  })
  return (
    <form
      className="grid gap-3 after"
      aria-label={t('agents.automations.make')}
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <h2>{t('agents.automations.make')}</h2>
      <LabelledField
        label={t('agents.automations.name')}
        value={name}
        required
        maxLength={80}
        onChange={({ target }) => setName(target.value)}
      />
      <LabelledSelect
        label={t('agents.automations.agent')}
        value={named}
        options={(agents.data ?? []).map((one) => ({ value: one.slug, label: one.name }))}
        onChange={setAgent}
      />
      <LabelledSelect
        label={t('agents.automations.room')}
        value={placed}
        options={(rooms.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
        onChange={setRoom}
      />
      <LabelledField
        label={t('agents.automations.task')}
        value={task}
        required
        maxLength={4_000}
        onChange={({ target }) => setTask(target.value)}
      />
      <LabelledSelect
        label={t('agents.automations.when')}
        value={kind}
        options={KINDS.map((value) => ({ value, label: t(`agents.automations.kind.${value}`) }))}
        onChange={setKind}
      />
      {kind === 'schedule' && (
        <>
          <LabelledField
            label={t('agents.automations.cron')}
            hint={t('agents.automations.cronHint')}
            value={cron}
            required
            onChange={({ target }) => setCron(target.value)}
          />
          <LabelledField
            label={t('agents.automations.zone')}
            value={zone}
            required
            onChange={({ target }) => setZone(target.value)}
          />
        </>
      )}
      {kind === 'keyword' && (
        <LabelledField
          label={t('agents.automations.words')}
          value={words}
          required
          onChange={({ target }) => setWords(target.value)}
        />
      )}
      {kind === 'document' && (
        <LabelledField
          label={t('agents.automations.collection')}
          value={collection}
          onChange={({ target }) => setCollection(target.value)}
        />
      )}
      <LabelledField
        label={t('agents.automations.perHour')}
        type="number"
        min={1}
        max={60}
        value={perHour}
        onChange={({ target }) => setPerHour(Number(target.value))}
      />
      <FieldError error={make.error ? sentenceOf(failureOf(make.error), language) : undefined} />
      <Button type="submit" look="primary" disabled={make.isPending || !named || !placed}>
        {t('agents.automations.add')}
      </Button>
    </form>
  )
}

function triggerOf(
  kind: Trigger['kind'],
  { cron, zone, words, collection }: Record<'cron' | 'zone' | 'words' | 'collection', string>,
): Trigger {
  if (kind === 'schedule') return { kind, cron, zone }
  if (kind === 'document') return { kind, collection: collection.trim() || null }
  if (kind === 'member') return { kind }
  const list = words
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  return { kind, words: list }
}
