import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Mandate } from '../../../../src/services/agents/registry.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { RoomChoice } from './room-choice.tsx'
import { ToolChoice } from './tool-choice.tsx'

/** What an agent may do on its own account, up to what cost and until when. */
export function MandateForm({ agent }: { agent: string }) {
  const api = useApi()
  const query = useQuery({
    queryKey: ['agent', agent, 'mandate'],
    queryFn: () => api.agents.mandate({ agent }),
  })
  const { data } = query
  if (!data) return null
  return (
    <Form
      key={data.version}
      agent={agent}
      mandate={data.mandate}
      version={data.version}
      earlier={data.earlier.length}
    />
  )
}

interface FormProps {
  agent: string
  mandate: Mandate
  version: number
  earlier: number
}

function Form({ agent, mandate, version, earlier }: FormProps) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const [own, setOwn] = useState(mandate)
  const save = useMutation({
    mutationFn: () => api.agents.setMandate({ agent, mandate: own, base: version }),
    onSuccess: async () => {
      say({ text: t('agents.saved') })
      await queries.invalidateQueries({ queryKey: ['agent', agent, 'mandate'] })
    },
  })
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <p className="meta">{t('agents.mandateHint')}</p>
      <ToolChoice
        label={t('agents.effects')}
        effects
        chosen={own.effects}
        onChange={(effects) => setOwn({ ...own, effects })}
      />
      <RoomChoice chosen={own.rooms} onChange={(rooms) => setOwn({ ...own, rooms })} />
      <LabelledField
        label={t('agents.usdPerRun')}
        type="number"
        min={0}
        max={100}
        step="any"
        value={own.usdPerRun ?? ''}
        onChange={({ target: { value } }) =>
          setOwn({ ...own, usdPerRun: value === '' ? null : Number(value) })
        }
      />
      <LabelledField
        label={t('agents.until')}
        type="date"
        value={own.until?.slice(0, 10) ?? ''}
        onChange={({ target: { value } }) =>
          setOwn({ ...own, until: value === '' ? null : `${value}T00:00:00Z` })
        }
      />
      <fieldset className="grid gap-3">
        <legend>{t('agents.perDay')}</legend>
        {(['runs', 'tokens', 'usd'] as const).map((limit) => (
          <LabelledField
            key={limit}
            label={t(`agents.day.${limit}`)}
            type="number"
            min={limit === 'usd' ? 0 : limit === 'runs' ? 1 : 500}
            step={limit === 'usd' ? 'any' : 1}
            value={own.perDay[limit] ?? ''}
            onChange={({ target: { value } }) =>
              setOwn({ ...own, perDay: { ...own.perDay, [limit]: value === '' ? null : Number(value) } })
            }
          />
        ))}
      </fieldset>
      {earlier > 0 && <p className="meta">{t('agents.mandateVersions', { count: earlier })}</p>}
      <FieldError error={save.error ? sentenceOf(failureOf(save.error), language) : undefined} />
      <Button type="submit" look="primary" disabled={save.isPending}>
        {t('agents.save')}
      </Button>
    </form>
  )
}
