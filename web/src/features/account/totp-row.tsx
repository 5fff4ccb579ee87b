import { useMutation } from '@tanstack/react-query'
import { KeyRound, Smartphone } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Security } from '../../../../src/services/auth/accounts.contract.ts'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Icon } from '../../ui/icon.tsx'
import { ConfirmForm } from './confirm-form.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { TurnOn } from './totp-turn-on.tsx'
import { useRefreshSecurity } from './use-security.ts'

/** The second step: on or off, and its recovery codes. */
export function TotpRow({ state }: { state: Security['totp'] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const api = useApi()
  const refresh = useRefreshSecurity()
  const [asking, setAsking] = useState<'on' | 'off' | 'codes' | null>(null)
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const close = () => {
    setAsking(null)
    off.reset()
    renew.reset()
  }
  const off = useMutation({
    mutationFn: (password: string) => api.auth.removeTotp({ password }),
    onSuccess: async () => {
      setAsking(null)
      setCodes(null)
      await refresh()
    },
  })
  const show = async (made: readonly string[]) => {
    setCodes(made)
    setAsking(null)
    await refresh()
  }
  const renew = useMutation({
    mutationFn: (password: string) => api.auth.newRecoveryCodes({ password }),
    onSuccess: ({ recoveryCodes }) => show(recoveryCodes),
  })
  return (
    <>
      <div className="set">
        <b className="ic">
          <Icon of={Smartphone} />
          {t('account.totp')}
        </b>
        <span className="meta">
          {state
            ? `${t('account.totpOn', { when: format.moment(state.since) })} · ${t('account.codesLeft', { count: state.recoveryCodesLeft })}`
            : t('account.totpHint')}
        </span>
        <span className="row">
          {state && (
            <Button small look="quiet" icon={KeyRound} onClick={() => setAsking('codes')}>
              {t('account.newCodes')}
            </Button>
          )}
          <Button
            small
            aria-label={`${t('account.totp')}: ${t(state ? 'account.turnOff' : 'account.turnOn')}`}
            onClick={() => setAsking(state ? 'off' : 'on')}
          >
            {t(state ? 'account.turnOff' : 'account.turnOn')}
          </Button>
        </span>
      </div>
      {codes && <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />}
      <Dialog title={t('account.totpTitle')} open={asking === 'on'} onClose={close}>
        <TurnOn onClose={close} onDone={(made) => void show(made)} />
      </Dialog>
      <Dialog title={t('account.turnOffTitle')} open={asking === 'off'} onClose={close}>
        <ConfirmForm
          danger
          act={t('account.turnOff')}
          busy={off.isPending}
          error={off.error}
          onConfirm={off.mutate}
          onClose={close}
        >
          <p>{t('account.turnOffThen')}</p>
        </ConfirmForm>
      </Dialog>
      <Dialog title={t('account.newCodes')} open={asking === 'codes'} onClose={close}>
        <ConfirmForm
          act={t('account.newCodes')}
          busy={renew.isPending}
          error={renew.error}
          onConfirm={renew.mutate}
          onClose={close}
        >
          <p>{t('account.newCodesThen')}</p>
        </ConfirmForm>
      </Dialog>
    </>
  )
}
