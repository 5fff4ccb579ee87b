import { X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FilterRule } from '../../../../src/services/city/moderation.contract.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { LabelledField, LabelledSelect } from '../../ui/field.tsx'

const ACTIONS = ['refuse', 'hold', 'report'] as const

interface RulesEditorProps {
  rules: readonly FilterRule[]
  pending: boolean
  /** What is wrong with the last change. */
  error: string | undefined
  /** Resolves with whether the change was taken. */
  onChange: (rules: FilterRule[]) => Promise<boolean>
}

/** The rules of a filter; each change holds at once. */
export function RulesEditor({ rules, pending, error, onChange }: RulesEditorProps) {
  const { t } = useTranslation()
  const [kind, setKind] = useState<FilterRule['kind']>('words')
  const [action, setAction] = useState<FilterRule['action']>('hold')
  const [value, setValue] = useState('')
  const add = async () => {
    if (await onChange([...rules, { kind, value: value.trim(), action }])) setValue('')
  }
  return (
    <>
      {rules.length === 0 && <p className="meta">{t('moderation.noRules')}</p>}
      <ul className="rows">
        {rules.map((rule, at) => (
          <li className="set" key={`${rule.kind} ${rule.value} ${rule.action}`}>
            <span className={rule.kind === 'expression' ? 'mono' : ''}>{rule.value}</span>
            <span className="row">
              <span className="tag">{t(`moderation.action.${rule.action}`)}</span>
              <IconButton
                icon={X}
                label={t('moderation.removeRule', { value: rule.value })}
                disabled={pending}
                onClick={() => void onChange(rules.filter((_, i) => i !== at))}
              />
            </span>
          </li>
        ))}
      </ul>
      <form
        className="rule-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (value.trim() !== '') void add()
        }}
      >
        <LabelledSelect
          label={t('moderation.ruleKind')}
          value={kind}
          options={[
            { value: 'words', label: t('moderation.ruleWords') },
            { value: 'expression', label: t('moderation.ruleExpression') },
          ]}
          onChange={setKind}
        />
        <LabelledField
          label={t('moderation.ruleValue')}
          value={value}
          maxLength={200}
          error={error}
          onChange={(event) => setValue(event.target.value)}
        />
        <LabelledSelect
          label={t('moderation.ruleAction')}
          value={action}
          options={ACTIONS.map((one) => ({ value: one, label: t(`moderation.action.${one}`) }))}
          onChange={setAction}
        />
        <Button type="submit" disabled={pending || value.trim() === ''}>
          {t('moderation.addRule')}
        </Button>
      </form>
    </>
  )
}
