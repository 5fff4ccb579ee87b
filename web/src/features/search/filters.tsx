import { useQuery } from '@tanstack/react-query'
import { ChevronDown, X } from 'lucide-react'
import { Popover } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { LabelledField, Segmented } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useRooms } from '../city/city-context.tsx'
import { agentsQuery, residentsQuery } from '../city/members.ts'
import { HAS, type SearchParams } from './query.ts'

interface FiltersProps {
  of: SearchParams
  onChange: (changed: SearchParams) => void
}

const MODES = ['both', 'words', 'meaning'] as const

/** How to search and within what, as chips: one that is set shows what it is and is dropped by one press. */
export function SearchFilters({ of, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const set = (change: SearchParams) => onChange({ ...of, ...change })
  return (
    <section className="flt" aria-label={t('search.conditions')}>
      <Segmented
        label={t('search.how')}
        value={of.mode ?? 'both'}
        onChange={(mode) => set({ mode: mode === 'both' ? undefined : mode })}
        options={MODES.map((value) => ({ value, label: t(`search.mode.${value}`) }))}
      />
      <RoomChip of={of} set={set} />
      <WhoChip of={of} set={set} />
      <WhenChip of={of} set={set} />
      {HAS.map((has) => {
        const on = of.has?.includes(has) ?? false
        const rest = (of.has ?? []).filter((one) => one !== has)
        const next = on ? rest : [...rest, has]
        return (
          <button
            key={has}
            type="button"
            className={on ? 'f on' : 'f'}
            aria-pressed={on}
            onClick={() => set({ has: next.length > 0 ? next : undefined })}
          >
            {t(`search.has.${has}`)}
          </button>
        )
      })}
    </section>
  )
}

interface ChipProps {
  of: SearchParams
  set: (change: SearchParams) => void
}

function RoomChip({ of, set }: ChipProps) {
  const { t } = useTranslation()
  const rooms = useRooms().data ?? []
  const chosen = rooms.find(({ slug, id }) => slug === of.in || id === of.in)
  return (
    <Chip
      label={t('search.where')}
      value={of.in && (chosen?.name ?? of.in)}
      onDrop={() => set({ in: undefined })}
    >
      {(close) => (
        <div className="pick">
          {rooms.map((room) => (
            <button
              key={room.id}
              type="button"
              aria-pressed={room === chosen}
              onClick={() => {
                set({ in: room.slug })
                close()
              }}
            >
              <span className="trim">{room.name}</span>
            </button>
          ))}
        </div>
      )}
    </Chip>
  )
}

function WhoChip({ of, set }: ChipProps) {
  const { t } = useTranslation()
  const api = useApi()
  const residents = useQuery(residentsQuery(api)).data ?? []
  const agents = useQuery(agentsQuery(api)).data ?? []
  const people = [...residents, ...agents.map(({ id, name }) => ({ id, name, kind: 'agent' as const }))]
  const chosen = people.find(({ id }) => id === of.from)
  const [name, setName] = useState('')
  const like = people.filter((one) => one.name.toLowerCase().includes(name.trim().toLowerCase()))
  return (
    <Chip
      label={t('search.who')}
      value={of.from && (chosen?.name ?? of.from)}
      onDrop={() => set({ from: undefined })}
    >
      {(close) => (
        <>
          <LabelledField
            label={t('search.whoName')}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <div className="pick">
            {like.slice(0, 30).map((one) => (
              <button
                key={one.id}
                type="button"
                aria-pressed={one === chosen}
                onClick={() => {
                  set({ from: one.id })
                  close()
                }}
              >
                <Avatar of={one} small />
                <span className="trim">{one.name}</span>
              </button>
            ))}
          </div>
        </>
      )}
    </Chip>
  )
}

function WhenChip({ of: { after, before }, set }: ChipProps) {
  const { t } = useTranslation()
  const said = [after && t('search.since', { day: after }), before && t('search.until', { day: before })]
  const value = said.filter(Boolean).join(' ')
  return (
    <Chip label={t('search.when')} value={value} onDrop={() => set({ after: undefined, before: undefined })}>
      {(close) => (
        <>
          <LabelledField
            label={t('search.from')}
            type="date"
            value={after ?? ''}
            onChange={(event) => set({ after: event.target.value || undefined })}
          />
          <LabelledField
            label={t('search.to')}
            type="date"
            value={before ?? ''}
            onChange={(event) => set({ before: event.target.value || undefined })}
          />
          <Button small onClick={close}>
            {t('search.apply')}
          </Button>
        </>
      )}
    </Chip>
  )
}

interface ConditionProps {
  label: string
  value: string | undefined
  onDrop: () => void
  children: (close: () => void) => ReactNode
}

function Chip({ label, value, onDrop, children }: ConditionProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  if (value)
    return (
      <button type="button" className="f on" onClick={onDrop} aria-label={t('search.drop', { what: value })}>
        <span className="trim">{value}</span>
        <Icon of={X} size="xs" />
      </button>
    )
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button type="button" className="f">
          {label}
          <Icon of={ChevronDown} size="xs" />
        </button>
      </Popover.Trigger>
      <Popover.Portal container={document.getElementById('talk')}>
        <Popover.Content
          className="pop"
          align="start"
          sideOffset={6}
          collisionPadding={12}
          aria-label={label}
        >
          {children(() => setOpen(false))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
