import { Link } from '@tanstack/react-router'
import { AtSign, Bookmark, Clock } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/icon.tsx'

const LINKS = [
  ['/mentions', AtSign, 'talk.mentions'],
  ['/saved', Bookmark, 'talk.saved'],
  ['/scheduled', Clock, 'talk.scheduled'],
] as const

/** The ways to what one keeps: mentions, saved messages, and what is to be sent later. */
export function KeptLinks() {
  const { t } = useTranslation()
  return LINKS.map(([to, icon, name]) => (
    <Link key={to} className="nav" to={to} activeProps={{ 'aria-current': 'page' }}>
      <Icon of={icon} />
      <span className="grow">{t(name)}</span>
    </Link>
  ))
}
