import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../i18n/format.ts'
import { useTools } from './use-tool-name.ts'

interface ToolChoiceProps {
  label: string
  /** Those that others see the effect of, or those that only look. */
  effects: boolean
  chosen: readonly string[]
  onChange: (chosen: string[]) => void
}

/** Which tools an agent has. */
export function ToolChoice({ label, effects, chosen, onChange }: ToolChoiceProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const tools = useTools()
  return (
    <fieldset className="agent-tools">
      <legend>{label}</legend>
      {tools.data
        ?.filter(({ risk }) => (risk === 'effect') === effects)
        .map(({ name, about, available }) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              onChange={({ target }) =>
                onChange([...chosen.filter((one) => one !== name), ...(target.checked ? [name] : [])])
              }
            />
            <span>
              {about[language]}
              {!available && <span className="meta"> ({t('agents.toolAbsent')})</span>}
            </span>
          </label>
        ))}
    </fieldset>
  )
}
