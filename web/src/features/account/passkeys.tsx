import { useMutation } from '@tanstack/react-query'
import { Fingerprint, Info, Plus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { NewPasskey, type Passkey } from '../../../../src/services/auth/accounts.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Revoke } from '../auth/revoke.tsx'
import { authenticator, hindrance } from './passkey-browser.ts'
import { useRefreshSecurity } from './use-security.ts'

/** The passkeys of the account; where the address or the browser knows none, it says why and where they work. */
export function Passkeys({ passkeys }: { passkeys: readonly Passkey[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const api = useApi()
  const refresh = useRefreshSecurity()
  const [adding, setAdding] = useState(false)
  const [inTheWay] = useState(hindrance)
  const remove = useMutation({
    mutationFn: (passkey: string) => api.auth.removePasskey({ passkey }),
    onSettled: refresh,
  })
  const about = (passkey: Passkey) =>
    [
      t('account.passkeyAbout', { domain: passkey.domain, when: format.moment(passkey.createdAt) }),
      passkey.synced ? t('account.passkeySynced') : '',
      passkey.lastUsedAt ? t('account.passkeyUsed', { when: format.moment(passkey.lastUsedAt) }) : '',
    ]
      .filter((part) => part !== '')
      .join(' · ')
  return (
    <section aria-labelledby="passkeys">
      <h2 id="passkeys">{t('account.passkeys')}</h2>
      <p className="meta">{t('account.passkeysHint')}</p>
      {passkeys.length === 0 && <p className="meta after">{t('account.noPasskeys')}</p>}
      {passkeys.length > 0 && (
        <ul className="rows">
          {passkeys.map((passkey) => (
            <li className="set" key={passkey.id}>
              <b className="ic">
                <Icon of={Fingerprint} />
                {passkey.name}
              </b>
              <span className="meta">{about(passkey)}</span>
              <Revoke
                id={passkey.id}
                act={t('account.remove')}
                about={passkey.name}
                title={t('account.removePasskeyTitle', { name: passkey.name })}
                consequence={t('account.removePasskeyThen')}
                keep={t('account.keepPasskey')}
                revoke={remove}
              />
            </li>
          ))}
        </ul>
      )}
      {inTheWay ? (
        <p className="aside after">
          <Icon of={Info} />
          <span>
            {t(`account.${inTheWay.why}`)}
            {inTheWay.link !== undefined && (
              <>
                {' '}
                <a className="lnk" href={inTheWay.link}>
                  {inTheWay.link}
                </a>
              </>
            )}
          </span>
        </p>
      ) : (
        <Button small icon={Plus} className="after" onClick={() => setAdding(true)}>
          {t('account.addPasskey')}
        </Button>
      )}
      <Dialog title={t('account.addPasskey')} open={adding} onClose={() => setAdding(false)}>
        <AddPasskey
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false)
            void refresh()
          }}
        />
      </Dialog>
    </section>
  )
}

function AddPasskey({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const { t } = useTranslation()
  const { language } = useFormat()
  const api = useApi()
  const [name, setName] = useState('')
  const add = useMutation({
    mutationFn: async () => {
      const { ticket, options } = await api.auth.newPasskeyQuestion({})
      const { startRegistration } = await authenticator()
      // What the city made by the same library's other half; the contract keeps it as plain JSON.
      const optionsJSON = options as unknown as Parameters<typeof startRegistration>[0]['optionsJSON']
      const response = NewPasskey.parse(await startRegistration({ optionsJSON }))
      return await api.auth.addPasskey({ ticket, name: name.trim(), response })
    },
    onSuccess: onAdded,
  })
  const refused = add.error && refusal(add.error)
  const sentence =
    refused === null
      ? undefined
      : refused === 'stopped'
        ? t('account.passkeyStopped')
        : refused === 'held'
          ? t('account.passkeyHeld')
          : sentenceOf(failureOf(add.error), language)
  return (
    <form
      className="step"
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (name.trim() !== '') add.mutate()
      }}
    >
      <LabelledField
        label={t('account.passkeyName')}
        hint={t('account.passkeyNameHint')}
        maxLength={80}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <FieldError error={sentence} />
      <div className="end">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" type="submit" disabled={add.isPending || name.trim() === ''}>
          {t('account.addPasskey')}
        </Button>
      </div>
    </form>
  )
}

/** What the browser's own dialog ended with, or that the city refused. */
function refusal(error: Error): 'stopped' | 'held' | 'city' {
  if (error.name === 'InvalidStateError') return 'held'
  return error.name === 'NotAllowedError' || error.name === 'AbortError' ? 'stopped' : 'city'
}
