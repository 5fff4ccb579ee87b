import { useEffect, useState } from 'react'
import { AppError } from '../../../../src/kernel/errors.ts'
import { sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'

/** While the city asks to wait: its sentence with the seconds that are left. */
export function useWait(error: unknown): string | undefined {
  const language = useLanguage()
  const [until, setUntil] = useState(0)
  const [now, setNow] = useState(0)
  const failure = error ? AppError.from(error) : null
  const throttled = failure?.kind === 'rate_limited' ? failure : null
  useEffect(() => {
    if (!throttled) return
    const begin = Date.now()
    setNow(begin)
    setUntil(begin + (throttled.retryAfterMs ?? Number(throttled.params?.seconds ?? 60) * 1000))
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [throttled])
  if (!throttled || now >= until) return undefined
  const left = Math.ceil((until - now) / 1000)
  // In steps of five while it is long: the sentence is read out each time it changes.
  const seconds = left > 10 ? Math.ceil(left / 5) * 5 : left
  return sentenceOf(
    { code: throttled.code, message: throttled.message, params: { ...throttled.params, seconds } },
    language,
  )
}
