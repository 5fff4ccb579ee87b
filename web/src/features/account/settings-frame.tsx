import './settings.css'
import { Link } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { Icon } from '../../ui/icon.tsx'
import { useMe } from '../auth/session.ts'
import { OPERATORS_SETTINGS, SETTINGS } from './settings-pages.ts'

/** A page of the settings: its name, the way to the other pages, and its sections. */
export function SettingsFrame({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation()
  const me = useMe()
  const sections = useRef<HTMLElement>(null)
  // On a phone the row is longer than the screen: the page that is open stands in sight.
  useEffect(() => {
    sections.current?.querySelector('[aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }, [])
  useEffect(() => {
    document.title = title
  }, [title])
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{title}</h1>
      </header>
      <nav className="secs" aria-label={t('account.sections')} ref={sections}>
        {[...SETTINGS, ...(isOperator(me) ? OPERATORS_SETTINGS : [])].map(({ to, word, icon }) => (
          <Link key={to} to={to} activeOptions={{ exact: true }} activeProps={{ 'aria-current': 'page' }}>
            <Icon of={icon} size="s" />
            {t(word)}
          </Link>
        ))}
      </nav>
      <div className="scroll">
        <div className="wrapm">{children}</div>
      </div>
    </main>
  )
}
