import { Check, CircleSlash, Download, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useToast } from '../../ui/toast.tsx'
import { forgetSeen } from '../../worker/caches.ts'
import { SettingsFrame } from '../account/settings-frame.tsx'
import { isInstalled, useInstall } from './install.ts'

/** What this browser can do here, and what it keeps. */
export function DevicePage() {
  const { t } = useTranslation()
  return (
    <SettingsFrame title={t('device.title')}>
      {!window.isSecureContext && <PlainHttp />}
      <section aria-labelledby="can">
        <h2 id="can">{t('device.can')}</h2>
        <ul className="abilities">
          {ABILITIES.map(({ name, has }) => (
            <Ability key={name} name={name} has={has()} />
          ))}
        </ul>
      </section>
      <Installing />
      <Kept />
    </SettingsFrame>
  )
}

const ABILITIES = [
  { name: 'microphone', has: () => 'mediaDevices' in navigator },
  { name: 'passkeys', has: () => 'PublicKeyCredential' in window && !isAddress(location.hostname) },
  { name: 'offline', has: () => 'serviceWorker' in navigator },
  { name: 'push', has: () => 'serviceWorker' in navigator && 'PushManager' in window },
] as const

/** Passkeys belong to a name; an address has none. */
const isAddress = (host: string): boolean => /^[\d.]+$|:/.test(host)

function Ability({ name, has }: { name: (typeof ABILITIES)[number]['name']; has: boolean }) {
  const { t } = useTranslation()
  return (
    <li className="row">
      <Icon of={has ? Check : CircleSlash} size="s" />
      <span className="grow">
        <b>{t(`device.ability.${name}`)}</b>
        <span className="meta"> {t(has ? 'device.works' : `device.why.${name}`)}</span>
      </span>
    </li>
  )
}

/** Over plain http from another machine a browser shuts what could be listened in on; this says so and how to open it. */
function PlainHttp() {
  const { t } = useTranslation()
  return (
    <section aria-labelledby="plain" className="notice">
      <h2 id="plain">{t('device.plain')}</h2>
      <p>{t('device.plainWhy', { address: location.origin })}</p>
      <ul>
        <li>{t('device.plainHere', { port: location.port || '80' })}</li>
        <li>{t('device.plainProxy')}</li>
      </ul>
    </section>
  )
}

function Installing() {
  const { t } = useTranslation()
  const install = useInstall()
  if (isInstalled() || !window.isSecureContext) return null
  return (
    <section aria-labelledby="install">
      <h2 id="install">{t('device.install')}</h2>
      <p className="meta">{t(install ? 'device.installOffer' : 'device.installByHand')}</p>
      {install && (
        <Button icon={Download} onClick={install}>
          {t('device.installNow')}
        </Button>
      )}
    </section>
  )
}

function Kept() {
  const { t } = useTranslation()
  const say = useToast()
  const [busy, setBusy] = useState(false)
  if (!('caches' in globalThis)) return null
  return (
    <section aria-labelledby="kept">
      <h2 id="kept">{t('device.kept')}</h2>
      <p className="meta">{t('device.keptWhat')}</p>
      <Button
        icon={Trash2}
        disabled={busy}
        onClick={async () => {
          setBusy(true)
          await forgetSeen()
          setBusy(false)
          say({ text: t('device.forgotten') })
        }}
      >
        {t('device.forget')}
      </Button>
    </section>
  )
}
