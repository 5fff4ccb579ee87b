import './agents.css'
import { Link } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/icon.tsx'

/** A page that one reaches from the agents and goes back to them from. */
export function BesideAgents({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = title
  }, [title])
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib" to="/agents" aria-label={t('agents.title')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{title}</h1>
      </header>
      <div className="scroll">
        <div className="wrapm">{children}</div>
      </div>
    </main>
  )
}
