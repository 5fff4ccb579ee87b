import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AgentSettings } from '../../../../src/services/agents/registry.contract.ts'
import type { Agent } from '../../../../src/services/agents/runs.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ToolChoice } from './tool-choice.tsx'

const STATES = ['draft', 'active', 'paused', 'archived'] as const
const LIMITS = ['seconds', 'steps', 'tokens', 'answerTokens', 'usd'] as const

/** What an agent is, what it can use and how far one run of it may go. */
export function AgentForm({ of, settings }: { of: Agent; settings: AgentSettings }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const [name, setName] = useState(of.name)
  const [names, setNames] = useState(of.names.join(', '))
  const [about, setAbout] = useState(of.about)
  const [state, setState] = useState(of.state)
  const [own, setOwn] = useState(settings)
  const save = useMutation({
    mutationFn: () =>
      api.agents.changeAgent({
        agent: of.id,
        name,
        names: names
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
        about,
        state,
        settings: own,
      }),
    onSuccess: async () => {
      say({ text: t('agents.saved') })
      await queries.invalidateQueries({ queryKey: ['agent', of.slug] })
    },
  })
  const states = of.state === 'archived' ? (['archived', 'draft'] as const) : STATES
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <LabelledField
        label={t('agents.name')}
        value={name}
        required
        maxLength={60}
        onChange={(event) => setName(event.target.value)}
      />
      <LabelledField
        label={t('agents.names')}
        value={names}
        onChange={(event) => setNames(event.target.value)}
      />
      {(['uk', 'en'] as const).map((one) => (
        <LabelledField
          key={one}
          label={t(one === 'uk' ? 'agents.aboutUk' : 'agents.aboutEn')}
          value={about[one]}
          maxLength={300}
          onChange={(event) => setAbout({ ...about, [one]: event.target.value })}
        />
      ))}
      <LabelledSelect
        label={t('agents.state')}
        value={state}
        options={states.map((value) => ({ value, label: t(`agents.states.${value}`) }))}
        onChange={setState}
      />
      <ToolChoice
        label={t('agents.tools')}
        effects={false}
        chosen={own.tools}
        onChange={(tools) => setOwn({ ...own, tools })}
      />
      <LabelledField
        label={t('agents.model')}
        value={own.model.chat ?? ''}
        onChange={({ target: { value } }) => setOwn({ ...own, model: { ...own.model, chat: value || null } })}
      />
      <fieldset className="grid gap-3">
        <legend>{t('agents.limits')}</legend>
        {LIMITS.map((limit) => (
          <LabelledField
            key={limit}
            label={t(`agents.limit.${limit}`)}
            type="number"
            min={0}
            step={limit === 'usd' ? 'any' : 1}
            value={own.limits[limit]}
            onChange={({ target }) =>
              setOwn({ ...own, limits: { ...own.limits, [limit]: Number(target.value) } })
            }
          />
        ))}
      </fieldset>
      <FieldError error={save.error ? sentenceOf(failureOf(save.error), language) : undefined} />
      <Button type="submit" look="primary" disabled={save.isPending}>
        {t('agents.save')}
      </Button>
    </form>
  )
}
