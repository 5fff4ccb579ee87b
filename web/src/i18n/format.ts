import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { knownSentences, onSentences } from './failures.ts'
import type { Language } from './language.ts'

const NBSP = '\u00a0'
const LOCALES = { uk: 'uk-UA', en: 'en-GB' } as const
const UNITS = { uk: ['Б', 'КБ', 'МБ', 'ГБ'], en: ['B', 'KB', 'MB', 'GB'] } as const
const SECONDS = { uk: 'с', en: 's' } as const
const SPANS = { uk: ['с', 'хв', 'год', 'дн.'], en: ['s', 'min', 'h', 'd'] } as const

/** Numbers, sizes and times as a reader of one language expects them, with a no-break space before a unit. */
export function createFormat(language: Language) {
  const locale = LOCALES[language]
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' })
  const day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' })
  const oldDay = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' })
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' })
  const numbers: Intl.NumberFormat[] = []
  const number = (value: number, digits: number) => {
    numbers[digits] ??= new Intl.NumberFormat(locale, { maximumFractionDigits: digits })
    return numbers[digits].format(value)
  }
  return {
    language,
    time: (at: string | number | Date) => clock.format(new Date(at)),
    /** A day by its name this year, with the year before that. */
    day: (at: string | number, now: number) => {
      const then = new Date(at)
      const near = then.getFullYear() === new Date(now).getFullYear()
      return capital((near ? day : oldDay).format(then))
    },
    moment: (at: string | number) => full.format(new Date(at)),
    count: (value: number) => number(value, 0),
    percent: (share: number) => `${number(share * 100, 0)}${NBSP}%`,
    seconds: (ms: number) => `${number(ms / 1000, 1)}${NBSP}${SECONDS[language]}`,
    /** Money as small as a ten-thousandth of a dollar. */
    money: (usd: number) => `$${number(usd, usd < 0.1 ? 4 : 2)}`,
    /** A size in decimal units: a megabyte is a million bytes. */
    bytes: (bytes: number) => {
      let value = bytes
      let unit = 0
      while (value >= 1000 && unit < 3) {
        value /= 1000
        unit += 1
      }
      return `${number(value, unit < 2 || value >= 50 ? 0 : 1)}${NBSP}${UNITS[language][unit]}`
    },
    /** How long something has lasted, in its one or two largest units: `6 h 5 min`. */
    span: (ms: number) => {
      const seconds = Math.max(0, Math.floor(ms / 1000))
      const [s, min, h, d] = SPANS[language]
      const of = (value: number, unit: string) => `${number(value, 0)}${NBSP}${unit}`
      if (seconds < 60) return of(seconds, s)
      const minutes = Math.floor(seconds / 60)
      if (minutes < 60) return of(minutes, min)
      const hours = Math.floor(minutes / 60)
      if (hours >= 48) return of(Math.floor(hours / 24), d)
      return minutes % 60 === 0 ? of(hours, h) : `${of(hours, h)} ${of(minutes % 60, min)}`
    },
    /** Minutes and seconds of a recording: `0:42`. */
    clock: (ms: number) => {
      const seconds = Math.max(0, Math.round(ms / 1000))
      return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    },
  }
}
export type Format = ReturnType<typeof createFormat>

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The reader's language. Who asks is drawn again when the sentences of failures arrive. */
export function useLanguage(): Language {
  useSyncExternalStore(onSentences, knownSentences)
  return useTranslation().i18n.language === 'uk' ? 'uk' : 'en'
}

/** The formats of the reader's language. They are made once: to make one takes longer than to draw a message. */
export function useFormat(): Format {
  const language = useLanguage()
  made[language] ??= createFormat(language)
  return made[language]
}
const made: { [L in Language]?: Format } = {}
