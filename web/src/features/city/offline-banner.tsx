import { WifiOff } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Banner } from '../../ui/states.tsx'
import { useCity, useLine } from './city-context.tsx'

const SHOWN_AFTER_MS = 1_500

/** Since when the line is gone, and what waits for it. A break that mends itself in a moment is not shown. */
export function OfflineBanner({ waiting }: { waiting: number }) {
  const { t } = useTranslation()
  const city = useCity()
  const format = useFormat()
  const line = useLine()
  const since = line.state === 'offline' ? line.since : null
  const [shown, setShown] = useState(false)
  useEffect(() => {
    if (since === null) return setShown(false)
    const timer = setTimeout(() => setShown(true), since + SHOWN_AFTER_MS - Date.now())
    return () => clearTimeout(timer)
  }, [since])
  if (since === null || !shown) return null
  const numbers = t('city.numbers', { returnObjects: true })
  const word = numbers[waiting] ?? format.count(waiting)
  return (
    <Banner icon={WifiOff}>
      <span className="grow">
        {t('city.offline', { time: format.time(since) })}{' '}
        {waiting > 0 ? t('city.offlineQueue', { count: waiting, word }) : t('city.offlineWrite')}
      </span>
      <Button small onClick={city.wake}>
        {t('city.tryNow')}
      </Button>
    </Banner>
  )
}
