import { AudioLines } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Part } from '../../../../../src/services/city/messages.contract.ts'
import { fileUrl } from '../../../api.ts'
import { useFormat } from '../../../i18n/format.ts'
import { useCity } from '../city-context.tsx'
import type { PartViewProps } from './part.ts'
import { PartFailure } from './part-failure.tsx'
import { Player } from './player.tsx'
import { ReadCorrection } from './read-correction.tsx'

/** A recording or a film with its player, and under it what was said. */
export function VoiceNote(props: PartViewProps) {
  const { part } = props
  const { localFiles } = useCity()
  const src = localFiles.get(part.file)?.url ?? fileUrl(part.file)
  const durationMs = part.durationMs ?? part.transcript?.durationMs
  return (
    <div className="att card">
      {part.mime.startsWith('video/') ? (
        // biome-ignore lint/a11y/useMediaCaption: the transcript stands under the film
        <video className="film" src={src} aria-label={part.name} controls preload="metadata" playsInline />
      ) : (
        <Player file={part.file} src={src} name={part.name} durationMs={durationMs} />
      )}
      <PartFailure {...props} />
      {part.state === 'pending' && <Listening part={part} />}
      {part.transcript && <Transcript {...props} transcript={part.transcript} />}
    </div>
  )
}

function Listening({ part }: { part: Part }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { progress } = part
  return (
    <div className="read">
      <p className="state meta">
        <i className="lit breathe" />
        {t('city.transcribing')}
        {progress && progress.total > 0 && ` · ${format.percent(progress.done / progress.total)}`}
      </p>
    </div>
  )
}

interface TranscriptProps extends PartViewProps {
  transcript: NonNullable<Part['transcript']>
}

/** What was heard, with its language; correctable by who spoke. */
function Transcript({ transcript, ...props }: TranscriptProps) {
  const { t } = useTranslation()
  const language = useLanguageName(transcript.language)
  const label = [t('city.transcript'), transcript.speech ? language : ''].filter(Boolean).join(' · ')
  return (
    <ReadCorrection
      {...props}
      icon={AudioLines}
      label={label}
      text={transcript.text}
      none={t('city.noSpeech')}
    />
  )
}

function useLanguageName(code: string | null): string {
  const { language } = useFormat()
  if (code === null) return ''
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}
