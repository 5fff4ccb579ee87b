import { common, createLowlight } from 'lowlight'

const lowlight = createLowlight(common)

/** Code as a tree of coloured pieces; null for a language nobody here knows. */
export const highlight = (language: string, code: string) =>
  lowlight.registered(language) ? lowlight.highlight(language, code) : null
