import { useId } from 'react'

interface WordsFieldProps {
  label: string
  hint: string
  value: string
  onChange: (words: string) => void
}

/** A few sentences in one's own words. */
export function WordsField({ label, hint, value, onChange }: WordsFieldProps) {
  const id = useId()
  return (
    <div className="lf">
      <label htmlFor={id}>{label}</label>
      <div className="field">
        <textarea
          id={id}
          rows={3}
          maxLength={1000}
          value={value}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
      <span className="meta" id={`${id}-hint`}>
        {hint}
      </span>
    </div>
  )
}
