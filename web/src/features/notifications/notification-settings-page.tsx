import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { NotificationSettings } from '../../../../src/services/city/notifications.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Choice, FieldError, Segmented } from '../../ui/field.tsx'
import { EmptyState, TalkSkeleton } from '../../ui/states.tsx'
import { SettingsFrame } from '../account/settings-frame.tsx'
import { useDoor } from '../auth/gate.tsx'
import { PushSetting } from './push-setting.tsx'
import { QuietHours } from './quiet-hours.tsx'

const queryKey = ['notification-settings'] as const
const HOUR_MS = 3_600_000
const BREAKS = [1, 4, 24] as const

/** What one wants to be told, how, and when not. */
export function NotificationSettingsPage() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const settings = useQuery({ queryKey, queryFn: () => api.city.notificationSettings({}) })
  const change = useMutation({
    mutationFn: (wish: Partial<NotificationSettings>) => api.city.changeNotificationSettings(wish),
    // What was chosen stands at once, and goes back where the city refuses it.
    onMutate: (wish) =>
      queries.setQueryData<NotificationSettings>(queryKey, (now) => now && { ...now, ...wish }),
    onSuccess: (now) => queries.setQueryData(queryKey, now),
    onError: () => queries.invalidateQueries({ queryKey }),
  })
  const now = settings.data
  return (
    <SettingsFrame title={t('notifications.title')}>
      {!now && !settings.error && <TalkSkeleton label={t('notifications.title')} />}
      {!now && settings.error && (
        <EmptyState icon={CircleAlert} title={sentenceOf(failureOf(settings.error), language)}>
          <div className="row">
            <Button onClick={() => void settings.refetch()}>{t('common.retry')}</Button>
          </div>
        </EmptyState>
      )}
      {now && (
        <>
          <section aria-labelledby="level">
            <h2 id="level">{t('notifications.what')}</h2>
            <Choice
              label={t('notifications.level')}
              value={now.level}
              onChange={(level) => change.mutate({ level })}
              options={(['mentions', 'all', 'none'] as const).map((value) => ({
                value,
                label: t(`notifications.levels.${value}`),
                hint: t(`notifications.levelHints.${value}`),
              }))}
            />
            <FieldError error={change.error ? sentenceOf(failureOf(change.error), language) : undefined} />
          </section>
          <PushSetting now={now} change={change.mutate} />
          <Digest now={now} change={change.mutate} />
          <section aria-labelledby="peace">
            <h2 id="peace">{t('notifications.peace')}</h2>
            <p className="meta">{t('notifications.peaceHint')}</p>
            <Disturb now={now} change={change.mutate} />
            <QuietHours now={now.quiet} change={(quiet) => change.mutate({ quiet })} />
          </section>
        </>
      )}
    </SettingsFrame>
  )
}

export interface SettingProps {
  now: NotificationSettings
  change: (wish: Partial<NotificationSettings>) => void
}

/** There is one where the city sends letters. */
function Digest({ now, change }: SettingProps) {
  const { t } = useTranslation()
  const door = useDoor()
  if (!door.data?.mail) return null
  return (
    <section aria-labelledby="digest">
      <h2 id="digest">{t('notifications.digest')}</h2>
      <div className="set">
        <b>{t('notifications.digestWhen')}</b>
        <span className="meta">{t('notifications.digestHint')}</span>
        <Segmented
          label={t('notifications.digestWhen')}
          value={now.digest}
          options={(['off', 'daily', 'weekly'] as const).map((value) => ({
            value,
            label: t(`notifications.digests.${value}`),
          }))}
          onChange={(digest) => change({ digest, zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}
        />
      </div>
    </section>
  )
}

function Disturb({ now, change }: SettingProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const until = now.doNotDisturbUntil
  const rests = until !== null && Date.parse(until) > Date.now()
  return (
    <div className="set">
      <b>{t('notifications.disturb')}</b>
      <span className="meta">
        {rests ? t('notifications.until', { when: format.moment(until) }) : t('notifications.disturbHint')}
      </span>
      <div className="row">
        {rests ? (
          <Button small onClick={() => change({ doNotDisturbUntil: null })}>
            {t('notifications.again')}
          </Button>
        ) : (
          BREAKS.map((hours) => (
            <Button
              key={hours}
              small
              onClick={() =>
                change({ doNotDisturbUntil: new Date(Date.now() + hours * HOUR_MS).toISOString() })
              }
            >
              {t('notifications.hours', { count: hours })}
            </Button>
          ))
        )}
      </div>
    </div>
  )
}
