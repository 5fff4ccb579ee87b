import { useQuery } from '@tanstack/react-query'
import { Languages, SunMoon } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { switchLanguage } from '../../i18n/language.ts'
import { IconButton } from '../../ui/button.tsx'
import { Facade } from '../../ui/facade.tsx'
import { toggleTheme } from '../../ui/theme.ts'

/** What stands at the door: the city’s name, whether it has an owner, how many live in it. */
export function useDoor() {
  const api = useApi()
  return useQuery({ queryKey: ['door'], queryFn: () => api.auth.door({}) })
}

interface GateProps {
  title: string
  /** The viewer’s window: lit for the owner, outlined for whoever is invited. */
  yours?: 'lit' | 'waiting'
  /** The viewer’s name as it is typed; it hangs under the city’s sign. */
  plate?: string
  caption: string
  children: ReactNode
}

/** The way in: the street on one side, one act on the other. */
export function Gate({ title, yours, plate, caption, children }: GateProps) {
  const { t, i18n } = useTranslation()
  const door = useDoor()
  const city = door.data?.city ?? 'DAARION'
  useEffect(() => {
    document.title = `${title} — ${city}`
  }, [title, city])
  return (
    <div className="gate">
      <header className="pic">
        <div className="over">
          <span className="sign">{city}</span>
          {plate && <span className="plate q">{plate}</span>}
        </div>
        <Facade residents={door.data?.residents ?? 0} {...(yours && { yours })} />
        <div className="cap">{caption}</div>
      </header>
      <main className="frm" id="talk">
        <div className="tools">
          <IconButton icon={Languages} label={t('common.language')} onClick={() => switchLanguage(i18n)} />
          <IconButton icon={SunMoon} label={t('common.theme')} onClick={toggleTheme} />
        </div>
        <h1>{title}</h1>
        {children}
      </main>
    </div>
  )
}
