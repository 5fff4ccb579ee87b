import './quotas.css'
import { useTranslation } from 'react-i18next'
import type { Quota } from '../../../../src/services/city/quotas.contract.ts'
import { useFormat } from '../../i18n/format.ts'

/** A limit that nobody set and no disk reaches. */
const UNLIMITED_BYTES = 2 ** 50
const NEARLY = 0.9

/** How much files take of what they may take, as a line and in words. */
export function QuotaMeter({
  of: { usedBytes, limitBytes, files, own },
  label,
}: {
  of: Quota
  label: string
}) {
  const { t } = useTranslation()
  const format = useFormat()
  const used = format.bytes(usedBytes)
  const unlimited = limitBytes >= UNLIMITED_BYTES
  const told = unlimited
    ? t('account.quotas.unlimited', { used })
    : t('account.quotas.used', { used, limit: format.bytes(limitBytes) })
  const share = unlimited || limitBytes === 0 ? (unlimited ? 0 : 1) : Math.min(1, usedBytes / limitBytes)
  const full = !unlimited && usedBytes >= limitBytes
  return (
    <div className="quota">
      <p>
        <b>{told}</b>{' '}
        <span className="meta">
          {t('account.quotas.files', { count: files })} ·{' '}
          {t(own ? 'account.quotas.own' : 'account.quotas.common')}
        </span>
      </p>
      {!unlimited && (
        // biome-ignore lint/a11y/useSemanticElements: browsers draw a meter in colours of their own
        <div
          className={share >= NEARLY ? 'quota-line near' : 'quota-line'}
          role="meter"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
          aria-valuetext={told}
        >
          <i style={{ width: `${share * 100}%` }} />
        </div>
      )}
      {full && <p className="meta">{t('account.quotas.full')}</p>}
      {!full && share >= NEARLY && <p className="meta">{t('account.quotas.nearly')}</p>}
    </div>
  )
}
