import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Archive } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError } from '../../ui/field.tsx'
import { ConfirmForm } from '../account/confirm-form.tsx'
import { SettingsFrame } from '../account/settings-frame.tsx'
import { useMe } from '../auth/session.ts'
import { MyQuota } from '../quotas/quotas.tsx'
import { EXPORTS, ExportList } from './export-list.tsx'

/** What is one's own in the city: taking it along, and leaving nothing of it behind. */
export function DataPage() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const ask = useMutation({
    mutationFn: () => api.city.openExport({ what: 'me' }),
    onSettled: () => queries.invalidateQueries({ queryKey: EXPORTS }),
  })
  return (
    <SettingsFrame title={t('account.transfers.title')}>
      <MyQuota />
      <section aria-labelledby="take">
        <h2 id="take">{t('account.transfers.take')}</h2>
        <p className="meta">{t('account.transfers.takeHint')}</p>
        <div className="after">
          <Button look="primary" icon={Archive} disabled={ask.isPending} onClick={() => ask.mutate()}>
            {t('account.transfers.takeDo')}
          </Button>
        </div>
        <FieldError error={ask.error ? sentenceOf(failureOf(ask.error), language) : undefined} />
      </section>
      <section aria-labelledby="archives">
        <h2 id="archives">{t('account.transfers.archives')}</h2>
        <ExportList />
      </section>
      <Erasing />
    </SettingsFrame>
  )
}

function Erasing() {
  const { t } = useTranslation()
  const api = useApi()
  const me = useMe()
  const [open, setOpen] = useState(false)
  const erase = useMutation({
    mutationFn: (password: string) => api.auth.erase({ principal: me?.id ?? '', password }),
    // Nothing of what this page holds is anybody's any more.
    onSuccess: () => location.assign('/sign-in'),
  })
  const owns = me?.role === 'owner'
  return (
    <section aria-labelledby="erase">
      <h2 id="erase">{t('account.transfers.erase')}</h2>
      <p className="meta">{t('account.transfers.eraseHint')}</p>
      {owns && <p className="meta">{t('account.transfers.eraseOwner')}</p>}
      <div className="after">
        <Button look="danger" disabled={owns} onClick={() => setOpen(true)}>
          {t('account.transfers.eraseDo')}
        </Button>
      </div>
      <Dialog title={t('account.transfers.eraseTitle')} open={open} onClose={() => setOpen(false)}>
        <ConfirmForm
          act={t('account.transfers.eraseDo')}
          danger
          busy={erase.isPending}
          error={erase.error}
          onConfirm={(password) => erase.mutate(password)}
          onClose={() => setOpen(false)}
        >
          <p>{t('account.transfers.eraseHint')}</p>
        </ConfirmForm>
      </Dialog>
    </section>
  )
}
