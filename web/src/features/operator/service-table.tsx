import { useTranslation } from 'react-i18next'
import { useFormat } from '../../i18n/format.ts'
import type { Line } from './readiness.ts'
import { Why } from './told.tsx'
import { Verdict } from './verdict.tsx'

const KNOWN = ['database', 'kv', 'files', 'events', 'stt', 'ocr', 'embeddings', 'scans', 'model'] as const
type Known = (typeof KNOWN)[number]

/** Which of the checks that the page has words for. */
function knownOf(what: string): Known | undefined {
  if (what === 'ocr of scanned pages') return 'scans'
  if (what.startsWith('language model')) return 'model'
  return KNOWN.find((one) => one === what)
}

/** What was measured of each part of the city: its state, since when, what residents notice, and what mends it. */
export function ServiceTable({ lines, now }: { lines: readonly Line[]; now: number }) {
  const { t } = useTranslation()
  return (
    <table className="svc">
      <thead>
        <tr>
          <th scope="col">{t('operator.part')}</th>
          <th scope="col">{t('operator.stateTitle')}</th>
          <th scope="col">{t('operator.notice')}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <Row key={line.key} line={line} now={now} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ line, now }: { line: Line; now: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { what, service, state, since, told } = line
  const known = knownOf(what)
  const name = known ? t(`operator.known.${known}`) : what
  const model = known === 'model' ? what.replace('language model ', '') : ''
  const span = since === null ? undefined : format.span(now - Date.parse(since))
  const noticed = known && (state === 'degraded' || state === 'down') && t(`operator.noticed.${known}`)
  return (
    <tr className={state === 'down' ? 'bad' : ''}>
      <th scope="row">
        {name}
        {model && <span className="mono"> {model}</span>}
        {service !== null && <small className="meta">{service}</small>}
      </th>
      <td>
        <Verdict state={state} since={span} />
      </td>
      <td className="why">
        {noticed && <p>{noticed}</p>}
        <Why of={told} />
      </td>
    </tr>
  )
}
