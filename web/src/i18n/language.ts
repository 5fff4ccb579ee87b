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

const LOADERS = {
  uk: async () => (await import('./uk.ts')).uk,
  en: async () => (await import('./en.ts')).en,
} as const

/** The words of the page in one language: a first load carries no other. Both are complete, so none falls back on the other. */
export async function createWords(language: Language): Promise<I18n> {
  const words = createInstance()
  const translation = await LOADERS[language]()
  await words.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation } },
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  return words
}

/** Turns the page into a language and keeps the choice in this browser. Without a line the words may be out of reach: then it speaks on as before, and in the chosen language when it is next opened. */
export function chooseLanguage(words: I18n, language: Language): void {
  try {
    localStorage.setItem('language', language)
  } catch {
    // A browser that keeps nothing still speaks it.
  }
  void LOADERS[language]().then(
    async (translation) => {
      words.addResourceBundle(language, 'translation', translation)
      document.documentElement.lang = language
      await words.changeLanguage(language)
    },
    () => undefined,
  )
}

export const switchLanguage = (words: I18n): void =>
  chooseLanguage(words, words.language === 'uk' ? 'en' : 'uk')
