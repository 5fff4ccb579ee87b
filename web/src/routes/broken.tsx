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
  const answers = useAnswers(unreached)
  const [tried, setTried] = useState(false)
  const again = useCallback(() => {
    reset?.()
    void router.invalidate()
  }, [reset, router])
  // The line is back: once more by itself. What is missing even then is of an older build than the city serves.
  useEffect(() => {
    if (!answers || tried) return
    setTried(true)
    again()
  }, [answers, tried, again])
  if (answers && tried)
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

/** Whether the city answers (again), asked until it does. */
function useAnswers(wanted: boolean): boolean {
  const [answers, setAnswers] = useState(false)
  useEffect(() => {
    if (!wanted || answers) return
    let timer: ReturnType<typeof setTimeout>
    let over = false
    const probe = async () => {
      const there = await cityAnswers()
      if (over) return
      setAnswers(there)
      if (!there) timer = setTimeout(() => void probe(), PROBE_MS)
    }
    void probe()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [wanted, answers])
  return answers
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
