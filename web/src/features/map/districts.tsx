import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { District } from '../../../../src/services/city/map.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'

interface DistrictsProps {
  districts: readonly District[]
  open: boolean
  onClose: () => void
}

/** Where whoever runs the city names, places and sizes its districts. */
export function Districts({ districts, open, onClose }: DistrictsProps) {
  const { t } = useTranslation()
  const [id, setId] = useState(districts[0]?.id ?? '')
  const chosen = districts.find((district) => district.id === id)
  return (
    <Dialog title={t('map.districts')} open={open} onClose={onClose}>
      <LabelledSelect
        label={t('map.district')}
        value={chosen?.id ?? ''}
        onChange={setId}
        options={[
          ...districts.map((district) => ({ value: district.id, label: district.name })),
          { value: '', label: t('map.newDistrict') },
        ]}
      />
      <Form key={chosen?.id ?? ''} district={chosen} onDone={setId} onClose={onClose} />
    </Dialog>
  )
}

const FIRST = { x: 100, y: 100, width: 240, height: 240 }
const SIDES = ['x', 'y', 'width', 'height'] as const

interface FormProps {
  district: District | undefined
  onDone: (id: string) => void
  onClose: () => void
}

function Form({ district, onDone, onClose }: FormProps) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const [name, setName] = useState(district?.name ?? '')
  const [sides, setSides] = useState<Record<(typeof SIDES)[number], number>>(district ?? FIRST)
  const { x, y, width, height } = sides
  const save = useMutation({
    mutationFn: () =>
      api.city.setDistrict({ district: district?.id ?? freshId(), name, x, y, width, height }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['map'] })
      say({ text: t('city.saved') })
      onDone(id)
    },
  })
  const remove = useMutation({
    mutationFn: () => api.city.removeDistrict({ district: district?.id ?? '' }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['map'] })
      say({ text: t('map.removed') })
      onClose()
    },
  })
  const error = save.error ?? remove.error
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form onSubmit={submit}>
      <LabelledField
        label={t('map.districtName')}
        value={name}
        maxLength={80}
        required
        onChange={(event) => setName(event.target.value)}
      />
      <p className="meta">{t('map.plane')}</p>
      <div className="sides">
        {SIDES.map((side) => (
          <LabelledField
            key={side}
            label={t(`map.${side}`)}
            type="number"
            min={side === 'x' || side === 'y' ? 0 : 80}
            max={1000}
            required
            value={sides[side]}
            onChange={(event) => setSides({ ...sides, [side]: Math.round(event.target.valueAsNumber || 0) })}
          />
        ))}
      </div>
      <FieldError error={error ? sentenceOf(failureOf(error), language) : undefined} />
      <div className="end">
        {district && (
          <Button look="quiet" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {t('map.remove')}
          </Button>
        )}
        <Button look="primary" type="submit" disabled={save.isPending}>
          {t('common.save')}
        </Button>
      </div>
    </form>
  )
}

/** An address that no other district has. */
const freshId = (): string =>
  `d-${Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
