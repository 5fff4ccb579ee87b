import { useTranslation } from 'react-i18next'
import { useFormat } from '../../i18n/format.ts'
import type { Told } from './doors.ts'

const LONGEST_RAW = 20_000

/** What came of it, who gave it and what it took. */
export function AnswerView({ told }: { told: Told }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { engine, job, json, kept, ms, robotic, sound, usage } = told
  const took = [
    t('multimodal.took', { time: format.seconds(ms) }),
    engine !== null && t('multimodal.by', { engine }),
    kept && t('multimodal.kept'),
    usage,
    t('multimodal.free'),
  ]
  const raw = json === null ? '' : JSON.stringify(json, null, 2)
  return (
    <div className="after">
      <h3>{t('multimodal.result')}</h3>
      <p className="meta" role="status">
        {job ? t('multimodal.accepted') : took.filter(Boolean).join(' · ')}
      </p>
      {sound !== null && (
        <div className="after">
          {/* biome-ignore lint/a11y/useMediaCaption: the text it reads stands above */}
          <audio controls src={sound} />
          {robotic && <p className="meta">{t('multimodal.robotic')}</p>}
        </div>
      )}
      {!job && json !== null && <Words of={told} />}
      {raw !== '' && (
        <details className="after">
          <summary>{t('multimodal.raw')}</summary>
          <pre className="code">{raw.length > LONGEST_RAW ? `${raw.slice(0, LONGEST_RAW)}…` : raw}</pre>
        </details>
      )}
    </div>
  )
}

interface Shapes {
  readonly text?: string | null
  readonly markdown?: string
  readonly pages?: readonly { readonly number: number; readonly text: string }[]
  readonly items?: readonly {
    readonly title?: string
    readonly url?: string
    readonly index?: number
    readonly score?: number
  }[]
  readonly tags?: readonly { readonly label: string }[]
  readonly codes?: readonly { readonly text: string }[]
  readonly vectors?: readonly unknown[]
  readonly dimensions?: number
  readonly model?: string
}

/** The result as a person reads it. It is text of others, shown as text. */
function Words({ of: { json } }: { of: Told }) {
  const { t } = useTranslation()
  const format = useFormat()
  // Each door answers with some of these; what is missing is not shown.
  const { codes, dimensions, items, markdown, model, pages, tags, text, vectors } = json as Shapes
  const lines = [
    text,
    markdown,
    ...(tags ?? []).map(({ label }) => label),
    ...(codes ?? []).map((code) => code.text),
    ...(items ?? []).map(({ index, score, title, url }) => title ?? url ?? `${index}: ${score?.toFixed(3)}`),
    pages?.map((page) => page.text).join('\n\n'),
    vectors && t('multimodal.dimensions', { count: dimensions ?? 0, model: model ?? '' }),
  ].filter((line): line is string => typeof line === 'string' && line.trim() !== '')
  return (
    <>
      {pages && (
        <p className="meta">{t('multimodal.pages', { count: Number(format.count(pages.length)) })}</p>
      )}
      {lines.length === 0 ? (
        <p className="meta">{t('multimodal.nothing')}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by the keyboard
        <pre className="code told" tabIndex={0}>
          {lines.join('\n')}
        </pre>
      )}
    </>
  )
}
