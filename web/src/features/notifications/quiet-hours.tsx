import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Quiet } from '../../../../src/services/city/notifications.contract.ts'
import { Button } from '../../ui/button.tsx'
import { LabelledField } from '../../ui/field.tsx'

const NIGHT = { from: '22:00', to: '08:00' }

/** Every day from one time to another, in the zone this browser is in. */
export function QuietHours({ now, change }: { now: Quiet | null; change: (quiet: Quiet | null) => void }) {
  const { t } = useTranslation()
  const [from, setFrom] = useState(now?.from ?? NIGHT.from)
  const [to, setTo] = useState(now?.to ?? NIGHT.to)
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const save = (event: FormEvent) => {
    event.preventDefault()
    change({ from, to, zone })
  }
  const same = now !== null && now.from === from && now.to === to && now.zone === zone
  return (
    <form onSubmit={save} aria-label={t('notifications.quiet')}>
      <h3>{t('notifications.quiet')}</h3>
      <p className="meta">
        {now ? t('notifications.quietNow', { ...now }) : t('notifications.quietOff', { zone })}
      </p>
      <div className="row wrap after">
        <LabelledField
          label={t('notifications.from')}
          type="time"
          required
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
        <LabelledField
          label={t('notifications.to')}
          type="time"
          required
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
      </div>
      <div className="row after">
        <Button type="submit" disabled={same || from === to}>
          {t('common.save')}
        </Button>
        {now && (
          <Button look="quiet" onClick={() => change(null)}>
            {t('notifications.noQuiet')}
          </Button>
        )}
      </div>
    </form>
  )
}
