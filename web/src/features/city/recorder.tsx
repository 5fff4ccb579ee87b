import { Link } from '@tanstack/react-router'
import { ArrowUp, MicOff, Pause, Play } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import type { Attached } from './drafts.ts'
import { LevelMeter } from './level-meter.tsx'
import { type MicrophoneFault, microphoneFault, type Recording, startRecording } from './recording.ts'

interface RecorderProps {
  onSend: (voice: Attached) => void
  /** With what was recorded, so that it can be given back; null where nothing was. */
  onCancel: (voice: Attached | null) => void
  /** The page was left in the middle of it: nothing that was said is thrown away. */
  onLeft: (voice: Attached) => void
}

const LIMIT_MS = 60 * 60_000
const TICK_MS = 200
const SAID_MS = 500

/** Takes the composer's place: records at once, shows level and time, and sends or cancels with one press. */
export function Recorder({ onSend, onCancel, onLeft }: RecorderProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const recording = useRef<Recording | null>(null)
  const left = useRef(onLeft)
  left.current = onLeft
  const [fault, setFault] = useState<MicrophoneFault | null>(null)
  const [live, setLive] = useState<Recording | null>(null)
  const [paused, setPaused] = useState(false)
  const [ms, setMs] = useState(0)

  const finish = useCallback(async (): Promise<Attached | null> => {
    const mine = recording.current
    recording.current = null
    if (!mine) return null
    const { blob, durationMs } = await mine.stop()
    return durationMs < SAID_MS || blob.size === 0 ? null : voiceOf(blob, durationMs)
  }, [])

  useEffect(() => {
    let gone = false
    startRecording().then(
      (started) => {
        if (gone) return void started.stop()
        recording.current = started
        setLive(started)
      },
      (cause: unknown) => !gone && setFault(microphoneFault(cause)),
    )
    return () => {
      gone = true
      void finish().then((voice) => voice && left.current(voice))
    }
  }, [finish])

  useEffect(() => {
    if (!live) return
    const timer = setInterval(() => {
      setMs(live.elapsedMs())
      if (live.elapsedMs() < LIMIT_MS) return
      live.pause()
      setPaused(true)
    }, TICK_MS)
    return () => clearInterval(timer)
  }, [live])

  const cancel = () => void finish().then(onCancel)
  const send = () => void finish().then((voice) => (voice ? onSend(voice) : onCancel(null)))
  const pause = () => {
    if (!live) return
    if (paused) live.resume()
    else live.pause()
    setPaused(!paused)
  }
  const full = ms >= LIMIT_MS
  if (fault)
    return (
      <div className="rec paused" role="alert">
        <Icon of={MicOff} />
        <span className="grow meta">
          {t(FAULTS[fault])}{' '}
          {fault === 'insecure' && (
            <Link className="lnk" to="/account/device">
              {t('city.micWhy')}
            </Link>
          )}
        </span>
        <Button small look="quiet" onClick={() => onCancel(null)}>
          {t('common.close')}
        </Button>
      </div>
    )
  return (
    <section className={paused ? 'rec paused' : 'rec'} aria-label={t('city.recording')}>
      <i className="dot" aria-hidden="true" />
      <span className="num">{format.clock(ms)}</span>
      <LevelMeter recording={live} paused={paused} />
      {full ? (
        <span className="meta">{t('city.recordKept', { minutes: LIMIT_MS / 60_000 })}</span>
      ) : (
        <IconButton
          icon={paused ? Play : Pause}
          label={paused ? t('city.resume') : t('city.pause')}
          disabled={!live}
          onClick={pause}
        />
      )}
      <Button small look="quiet" onClick={cancel}>
        {t('city.cancelRecord')}
      </Button>
      <IconButton
        icon={ArrowUp}
        label={t('city.sendRecord')}
        className="send"
        disabled={!live}
        onClick={send}
        autoFocus
      />
      <span className="vh" aria-live="polite">
        {paused ? t('city.recordPaused') : t('city.recording')}
      </span>
    </section>
  )
}

const FAULTS = {
  denied: 'city.micDenied',
  missing: 'city.micMissing',
  unsupported: 'city.micUnsupported',
  insecure: 'city.micInsecure',
} as const

const ENDINGS = [
  ['audio/webm', 'webm'],
  ['audio/ogg', 'ogg'],
  ['audio/mp4', 'm4a'],
] as const

function voiceOf(blob: Blob, durationMs: number): Attached {
  const at = new Date().toISOString().slice(0, 16).replace(/[T:]/g, '-')
  const ending = ENDINGS.find(([type]) => blob.type.startsWith(type))?.[1] ?? 'webm'
  return { key: `voice:${at}:${durationMs}`, name: `voice-${at}.${ending}`, type: 'audio', blob, durationMs }
}
