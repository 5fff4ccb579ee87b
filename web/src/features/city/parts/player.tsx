import { CircleAlert, Pause, Play } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../i18n/format.ts'
import { Icon } from '../../../ui/icon.tsx'
import { useWaveform } from './waveform.ts'

interface PlayerProps {
  /** Its id in the city, once it is there. */
  file: string | undefined
  src: string
  name: string
  /** What is known of its length before it is loaded; a browser's recording does not say itself. */
  durationMs: number | undefined
}

const STEP_MS = 100

/** Plays a recording: start and stop, a place to seek to, and the shape of its sound. One plays at a time. */
export function Player({ file, src, name, durationMs }: PlayerProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const audio = useRef<HTMLAudioElement>(null)
  const [playing, setPlaying] = useState(false)
  const [atMs, setAtMs] = useState(0)
  const [ownMs, setOwnMs] = useState<number | null>(null)
  const [broken, setBroken] = useState(false)
  const peaks = useWaveform(file)
  const totalMs = durationMs ?? ownMs ?? 0
  const share = totalMs > 0 ? Math.min(1, atMs / totalMs) : 0

  const toggle = () => {
    const element = audio.current
    if (!element) return
    if (!element.paused) return element.pause()
    silenceOthers(element)
    element.play().catch(() => setBroken(true))
  }
  const time = `${format.clock(atMs)} / ${format.clock(totalMs)}`
  return (
    <>
      <div className="voice">
        <button
          type="button"
          className="play"
          aria-label={playing ? t('city.pauseAudio') : t('city.play', { time: format.clock(totalMs) })}
          onClick={toggle}
        >
          <Icon of={playing ? Pause : Play} />
        </button>
        <div className="track">
          <Wave peaks={peaks} share={share} />
          <input
            type="range"
            min={0}
            max={Math.max(1, totalMs)}
            step={STEP_MS}
            value={Math.min(atMs, totalMs)}
            aria-label={`${t('city.seek')}: ${name}`}
            aria-valuetext={time}
            onChange={(event) => {
              const ms = Number(event.target.value)
              setAtMs(ms)
              if (audio.current) audio.current.currentTime = ms / 1000
            }}
          />
        </div>
        <span className="meta num">{playing || atMs > 0 ? time : format.clock(totalMs)}</span>
        {/* biome-ignore lint/a11y/useMediaCaption: the transcript stands under the player */}
        <audio
          ref={audio}
          src={src}
          preload="metadata"
          onPlay={() => setPlaying(true)}
          onPause={() => setPlaying(false)}
          onEnded={() => setAtMs(0)}
          onTimeUpdate={(event) => setAtMs(event.currentTarget.currentTime * 1000)}
          onDurationChange={(event) => {
            const { duration } = event.currentTarget
            if (Number.isFinite(duration)) setOwnMs(duration * 1000)
          }}
          onError={() => setBroken(true)}
        />
      </div>
      {broken && (
        <div className="read">
          <p className="fail" style={{ marginTop: 0 }}>
            <Icon of={CircleAlert} size="s" />
            <span>
              {t('city.audioFailed')}{' '}
              <a className="lnk" href={src} download={name}>
                {t('city.download')}
              </a>
            </span>
          </p>
        </div>
      )}
    </>
  )
}

const HEIGHT = 28

/** The shape of the sound as bars; before it is known, a plain line that fills. */
function Wave({ peaks, share }: { peaks: readonly number[] | null; share: number }) {
  if (!peaks)
    return (
      <span className="line" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
    )
  const played = Math.round(peaks.length * share)
  const draw = (from: number, to: number) =>
    peaks
      .slice(from, to)
      .map((peak, i) => {
        const height = Math.max(1, peak * (HEIGHT - 2))
        return `M${(from + i) * 4 + 1} ${((HEIGHT - height) / 2).toFixed(1)}v${height.toFixed(1)}`
      })
      .join('')
  return (
    <svg
      className="wave"
      viewBox={`0 0 ${peaks.length * 4 - 2} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={draw(0, played)} />
      <path className="r" d={draw(played, peaks.length)} />
    </svg>
  )
}

function silenceOthers(element: HTMLAudioElement): void {
  for (const other of document.querySelectorAll('audio')) if (other !== element) other.pause()
}
