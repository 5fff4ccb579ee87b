import { Eye, Image, ScanText } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Sight } from '../../../../../src/services/city/messages.contract.ts'
import { fileUrl, thumbnailUrl } from '../../../api.ts'
import { useFormat } from '../../../i18n/format.ts'
import { Icon } from '../../../ui/icon.tsx'
import { useCity } from '../city-context.tsx'
import type { PartViewProps } from './part.ts'
import { PartFailure } from './part-failure.tsx'
import { Picture } from './picture.tsx'
import { ReadCorrection } from './read-correction.tsx'

/** A picture this much wider than high stands over its words, not beside them. */
const WIDE = 1.2

/** A photo, small, with the words that were read from it beside it. */
export function PhotoRead(props: PartViewProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { part } = props
  const { localFiles } = useCity()
  const [unseen, setUnseen] = useState(false)
  const small = localFiles.get(part.file)?.url ?? thumbnailUrl(part.file)
  const { ocr, width = 1, height = 1 } = part
  const wide = width > height * WIDE
  const label = [t('city.readFromPhoto'), ocr && ocr.text !== '' ? format.percent(ocr.confidence) : '']
  return (
    <figure className={wide ? 'att card photo wide' : 'att card photo'}>
      <a
        className="look"
        href={fileUrl(part.file)}
        target="_blank"
        rel="noopener"
        aria-label={t('city.openPhoto', { name: part.name })}
      >
        {unseen ? (
          <span className="grid h-full place-items-center text-ink-3">
            <Icon of={Image} size="l" />
          </span>
        ) : (
          <Picture src={small} blurhash={part.blurhash} onUnseen={() => setUnseen(true)} />
        )}
      </a>
      <figcaption>
        <PartFailure {...props} />
        {part.state === 'pending' && (
          <div className="read">
            <p className="state meta">
              <i className="lit breathe" />
              {t('city.readingPhoto')}
            </p>
          </div>
        )}
        {ocr && (
          <ReadCorrection
            {...props}
            icon={ScanText}
            label={label.filter(Boolean).join(' · ')}
            text={ocr.text}
            none={t('city.noText')}
          />
        )}
        {part.sight && <Seen {...part.sight} />}
      </figcaption>
    </figure>
  )
}

/** What there is to see, each kind of thing once, the surest first. */
function Seen({ objects, text }: Sight) {
  const { t } = useTranslation()
  const { language } = useFormat()
  const things = [...new Set(objects.map(({ label }) => label[language === 'uk' ? 'uk' : 'en']))]
  return (
    <p className="state meta">
      <Icon of={Eye} size="s" />
      <span>
        {text}
        {text && things.length > 0 && ' '}
        {things.length > 0 && t('city.seenInPhoto', { things: things.join(', ') })}
      </span>
    </p>
  )
}
