import { createInstance, type i18n as I18n } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'
import { uk } from './uk.ts'

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

/** The words of the page; both languages are in the bundle, so switching waits for nothing. */
export function createWords(language: Language): I18n {
  const words = createInstance()
  void words.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { uk: { translation: uk }, en: { translation: en } },
    interpolation: { escapeValue: false },
    returnNull: false,
    initAsync: false,
  })
  return words
}

/** Turns the page into a language and keeps the choice in this browser. */
export function chooseLanguage(words: I18n, language: Language): void {
  document.documentElement.lang = language
  try {
    localStorage.setItem('language', language)
  } catch {
    // A browser that keeps nothing still speaks it.
  }
  void words.changeLanguage(language)
}

export const switchLanguage = (words: I18n): void =>
  chooseLanguage(words, words.language === 'uk' ? 'en' : 'uk')
