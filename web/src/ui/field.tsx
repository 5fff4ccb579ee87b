import { CircleAlert } from 'lucide-react'
import { type ComponentProps, type ReactNode, useId } from 'react'
import { Icon } from './icon.tsx'

interface LabelledFieldProps extends Omit<ComponentProps<'input'>, 'id'> {
  label: string
  hint?: string
  /** What is wrong, as one sentence; it is read out when it appears. */
  error?: string | undefined
  /** A button inside the field, after the input. */
  after?: ReactNode
}

/** An input with its label, a hint and the sentence that says what is wrong. */
export function LabelledField({ label, hint, error, after, ...input }: LabelledFieldProps) {
  const id = useId()
  const about = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div className={error ? 'lf bad' : 'lf'}>
      <label htmlFor={id}>{label}</label>
      <div className="field">
        <input id={id} aria-invalid={Boolean(error)} aria-describedby={about || undefined} {...input} />
        {after}
      </div>
      {hint && (
        <span className="meta" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      <FieldError id={`${id}-error`} error={error} />
    </div>
  )
}

interface LabelledSelectProps<V extends string | number> {
  label: string
  value: V
  options: readonly { value: V; label: string }[]
  onChange: (value: V) => void
}

/** One of a few, in the place of one line. */
export function LabelledSelect<V extends string | number>(props: LabelledSelectProps<V>) {
  const { label, value, options, onChange } = props
  const id = useId()
  return (
    <div className="lf">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="field"
        value={value}
        onChange={({ currentTarget }) => {
          const chosen = options[currentTarget.selectedIndex]
          if (chosen) onChange(chosen.value)
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  )
}

/** The sentence under a field or a form. */
export function FieldError({ id, error }: { id?: string; error?: string | undefined }) {
  if (!error) return null
  return (
    <p className="err" id={id} role="alert">
      <Icon of={CircleAlert} size="s" />
      <span>{error}</span>
    </p>
  )
}

interface ChoiceProps<V extends string> {
  label: string
  value: V
  options: readonly { value: V; label: string; hint?: string }[]
  onChange: (value: V) => void
  disabled?: boolean
}

/** One of a few, as radio buttons with a word of explanation each. */
export function Choice<V extends string>({ label, value, options, onChange, disabled }: ChoiceProps<V>) {
  const name = useId()
  return (
    <fieldset className="choice" disabled={disabled}>
      <legend className="lb">{label}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>
            {option.label}
            {option.hint && <span className="meta">{option.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

interface SegmentedProps<V extends string> {
  label: string
  value: V
  options: readonly { value: V; label: string; lang?: string }[]
  onChange: (value: V) => void
}

/** One of a few, all of them in sight. */
export function Segmented<V extends string>({ label, value, options, onChange }: SegmentedProps<V>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a row with its label elsewhere
    <div className="seg" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          lang={option.lang}
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  )
}
