import { useRouter } from '@tanstack/react-router'
import { CircleAlert } from 'lucide-react'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../i18n/failures.ts'
import { useLanguage } from '../i18n/format.ts'
import { Button } from '../ui/button.tsx'
import { cityAnswers, openAnew } from '../ui/piece.tsx'
import { EmptyState, Forbidden } from '../ui/states.tsx'

/** What is shown when a page could not be loaded or broke. */
export function BrokenPage({ error, reset }: { error: unknown; reset?: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const router = useRouter()
  const failure = failureOf(error)
  const unreached = failure.code === 'peer.unreachable' || failure.kind === 'timeout'
  const line = useLine(unreached)
  const again = useCallback(() => {
    reset?.()
    void router.invalidate()
  }, [reset, router])
  useEffect(() => {
    if (line === 'back') again()
  }, [line, again])
  // The city answers and yet something of this page does not come: it is of an older build.
  if (line === 'there')
    return (
      <Told title={t('device.newBuild')} sentence={t('common.brokenLine')}>
        <Button look="primary" onClick={openAnew}>
          {t('device.takeBuild')}
        </Button>
      </Told>
    )
  return (
    <Told
      title={unreached ? t('common.noLine') : t('common.brokenTitle')}
      sentence={unreached ? t('common.brokenLine') : sentenceOf(failure, language)}
    >
      <Button look="primary" onClick={again}>
        {t('common.reload')}
      </Button>
    </Told>
  )
}

function Told({ title, sentence, children }: { title: string; sentence: string; children: ReactNode }) {
  return (
    <main className="main" id="talk" tabIndex={-1} style={{ height: '100dvh' }}>
      <EmptyState level={1} icon={CircleAlert} title={title}>
        <p>{sentence}</p>
        <div className="row">{children}</div>
      </EmptyState>
    </main>
  )
}

const PROBE_MS = 3_000

/** Whether the city can be reached: all the time, not now, or again after a while. Null until that is known. */
function useLine(wanted: boolean): 'there' | 'gone' | 'back' | null {
  const [line, setLine] = useState<'there' | 'gone' | 'back' | null>(null)
  useEffect(() => {
    if (!wanted) return
    let timer: ReturnType<typeof setTimeout>
    let over = false
    const probe = async (answered: 'there' | 'back') => {
      const there = await cityAnswers()
      if (over) return
      setLine(there ? answered : 'gone')
      if (!there) timer = setTimeout(() => void probe('back'), PROBE_MS)
    }
    void probe('there')
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [wanted])
  return line
}

/** An address that leads nowhere. */
export function MissingPage() {
  const { t } = useTranslation()
  return (
    <main className="main" id="talk" tabIndex={-1} style={{ height: '100dvh' }}>
      <Forbidden title={t('city.nothingHere')}>
        <p>{t('city.nothingHereHint')}</p>
        <div className="row">
          <a className="btn" href="/">
            {t('city.backToRooms')}
          </a>
        </div>
      </Forbidden>
    </main>
  )
}
