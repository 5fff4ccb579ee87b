import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { FieldError } from '../../ui/field.tsx'
import type { SettingProps } from './notification-settings-page.tsx'
import { pushHere, sleepHere, wakeHere } from './push-browser.ts'

const queryKey = ['push-here'] as const

/** Whether this browser is woken when the page is closed, and how much of a message it is told; where that cannot be, why. */
export function PushSetting({ now, change }: SettingProps) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const here = useQuery({ queryKey, queryFn: pushHere, staleTime: 0 })
  const turn = useMutation({
    mutationFn: async (on: boolean) => {
      const state = on ? await wakeHere(api, language) : await sleepHere(api)
      // Who turns it on here wants it, whatever was said before.
      if (state === 'on' && !now.push) change({ push: true })
      return state
    },
    onSuccess: (state) => queries.setQueryData(queryKey, state),
  })
  const state = here.data ?? 'off'
  const able = state === 'on' || state === 'off'
  return (
    <section aria-labelledby="push">
      <h2 id="push">{t('notifications.push')}</h2>
      <label className="set">
        <b>{t('notifications.pushHere')}</b>
        <span className="meta">{t(`notifications.state.${state}`)}</span>
        <input
          type="checkbox"
          className="sw"
          aria-label={t('notifications.pushHere')}
          checked={state === 'on' && now.push}
          disabled={!able || turn.isPending}
          onChange={(event) => turn.mutate(event.target.checked)}
        />
      </label>
      {state === 'plain' && (
        <p className="meta">
          <Link to="/account/device">{t('notifications.whyPlain')}</Link>
        </p>
      )}
      <FieldError error={turn.error ? sentenceOf(failureOf(turn.error), language) : undefined} />
      <label className="set">
        <b>{t('notifications.words')}</b>
        <span className="meta">{t('notifications.wordsHint')}</span>
        <input
          type="checkbox"
          className="sw"
          aria-label={t('notifications.words')}
          checked={now.words}
          onChange={(event) => change({ words: event.target.checked })}
        />
      </label>
    </section>
  )
}
