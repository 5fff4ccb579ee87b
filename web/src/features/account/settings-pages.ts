import {
  Archive,
  Bell,
  CircleUserRound,
  Import,
  Link2,
  type LucideIcon,
  MonitorSmartphone,
  ScrollText,
  ShieldCheck,
  UserRoundCog,
} from 'lucide-react'

/** The pages of the settings, in their order. */
export const SETTINGS = [
  { to: '/account', word: 'account.profile', icon: CircleUserRound },
  { to: '/account/security', word: 'account.security', icon: ShieldCheck },
  { to: '/account/links', word: 'account.links', icon: Link2 },
  { to: '/account/notifications', word: 'notifications.title', icon: Bell },
  { to: '/account/device', word: 'device.title', icon: MonitorSmartphone },
  { to: '/account/data', word: 'account.transfers.title', icon: Archive },
] as const satisfies readonly { to: string; word: string; icon: LucideIcon }[]

/** Those for whoever runs the city. */
export const OPERATORS_SETTINGS = [
  { to: '/account/people', word: 'rights.people', icon: UserRoundCog },
  { to: '/account/audit', word: 'rights.audit', icon: ScrollText },
  { to: '/account/imports', word: 'account.transfers.imports', icon: Import },
] as const satisfies readonly { to: string; word: string; icon: LucideIcon }[]
