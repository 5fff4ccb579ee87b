import { useTranslation } from 'react-i18next'
import { knownCode, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { CopyLine } from '../../ui/key-once.tsx'
import { parted, type Told } from './readiness.ts'

/** Why a part of the city is as it is, and the command that mends it. A sentence that no catalogue has stays in English, and says so to a reader of screens. */
export function Why({ of: { detail = '', code, params } }: { of: Told }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const known = code !== undefined && knownCode(code)
  const whole = known ? sentenceOf({ code, message: detail, params }, language) : detail
  const { detail: words, command } = parted(whole)
  return (
    <>
      {words !== null && (
        <p className="meta" {...(!known && { lang: 'en' })}>
          {words}
        </p>
      )}
      {command !== null && <CopyLine text={command} words={t('auth.copyWords', { returnObjects: true })} />}
    </>
  )
}
