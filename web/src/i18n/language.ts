import { createInstance, type i18n as I18n } from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { uk } from './uk.ts'

export type Language = 'uk' | 'en'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof uk }
  }
}

/** The kept choice, else what the browser asks for, else English. */
export function preferredLanguage(): Language {
  let kept: string | null = null
  try {
    kept = localStorage.getItem('language')
  } catch {
    // Storage may be shut to us; the browser's own language then decides.
  }
  if (kept === 'uk' || kept === 'en') return kept
  return navigator.languages.some((tag) => tag.startsWith('uk')) ? 'uk' : 'en'
}

const FIRST = {
  uk: async () => (await import('./uk.first.ts')).firstUk,
  en: async () => (await import('./en.first.ts')).firstEn,
} as const
const EVERY = {
  uk: async () => (await import('./uk.ts')).uk,
  en: async () => (await import('./en.ts')).en,
} as const

/** The words of the first screens in one language; `everyWord` brings the rest of them. Both languages are complete, so none falls back on the other. */
export async function createWords(language: Language): Promise<I18n> {
  const words = createInstance()
  const translation = await FIRST[language]()
  await words.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation } },
    interpolation: { escapeValue: false },
    returnNull: false,
    react: { bindI18nStore: 'added' },
  })
  return words
}

/** Brings what is still missing of the words of the language that is spoken; at once where nothing is. Fails where they cannot be fetched. */
export async function everyWord(words: I18n): Promise<void> {
  const language = words.language === 'uk' ? 'uk' : 'en'
  // The words at a door are no part of the first ones.
  if (words.exists('auth.signIn', { lng: language })) return
  const translation = await EVERY[language]()
  words.addResourceBundle(language, 'translation', translation, true, true)
}

/** Turns the page into a language and keeps the choice in this browser. Without a line the words may be out of reach: then it speaks on as before, and in the chosen language when it is next opened. */
export function chooseLanguage(words: I18n, language: Language): void {
  try {
    localStorage.setItem('language', language)
  } catch {
    // A browser that keeps nothing still speaks it.
  }
  void EVERY[language]().then(
    async (translation) => {
      words.addResourceBundle(language, 'translation', translation, true, true)
      document.documentElement.lang = language
      await words.changeLanguage(language)
    },
    () => undefined,
  )
}

export const switchLanguage = (words: I18n): void =>
  chooseLanguage(words, words.language === 'uk' ? 'en' : 'uk')
