export interface DecodedText {
  /** Line ends are `\n`, there is no byte order mark. */
  readonly text: string
  readonly encoding:
    | 'utf-8'
    | 'utf-16le'
    | 'utf-16be'
    | 'windows-1251'
    | 'koi8-u'
    | 'ibm866'
    | 'iso-8859-5'
    | 'x-mac-cyrillic'
    | 'windows-1250'
    | 'windows-1252'
}

/**
 * Plain text as it was meant: UTF-8, UTF-16 with or without a byte order mark, or one of the old encodings of Ukrainian and of Europe, recognised by
 * whether letters then follow one another as they do in words. Null where it is none of these or holds bytes no text has (NUL, control characters).
 */
export function decodeText(bytes: Uint8Array): DecodedText | null {
  const found = decode(bytes)
  if (!found || CONTROLS.test(found.text)) return null
  return { ...found, text: found.text.replace(/\r\n?/g, '\n') }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a text may not hold
const CONTROLS = /[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]/

function decode(bytes: Uint8Array): DecodedText | null {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return strictly('utf-16le', bytes)
  if (first === 0xfe && second === 0xff) return strictly('utf-16be', bytes)
  return utf16(bytes) ?? strictly('utf-8', bytes) ?? legacy(bytes)
}

function strictly(encoding: DecodedText['encoding'], bytes: Uint8Array): DecodedText | null {
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding }
  } catch {
    return null
  }
}

/** UTF-16 that does not say so: every second byte of its spaces and Latin letters is none, and what it makes are letters. */
function utf16(bytes: Uint8Array): DecodedText | null {
  const sample = bytes.subarray(0, SAMPLE_BYTES)
  if (sample.length < 4 || bytes.length % 2 !== 0 || !sample.includes(0)) return null
  const zeros = [0, 0]
  for (const [at, byte] of sample.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  // A sign of the astral planes or of the East may hold a zero on the other side, a text hardly does.
  if (Math.min(even, odd) > Math.max(even, odd) * 0.05) return null
  const found = strictly(odd > even ? 'utf-16le' : 'utf-16be', bytes)
  const signs = found?.text.slice(0, SAMPLE_BYTES) ?? ''
  const usual =
    signs.match(/[\t\n\r\x20-\x7e\u00a0-\u024f\u0370-\u052f\u2010-\u203a\u20a0-\u20bf№]/g)?.length ?? 0
  return found && usual > signs.length * 0.97 ? found : null
}

const CYRILLIC = ['windows-1251', 'koi8-u', 'ibm866', 'iso-8859-5', 'x-mac-cyrillic'] as const
const SAMPLE_BYTES = 64 * 1024

function legacy(bytes: Uint8Array): DecodedText | null {
  const sample = bytes.subarray(0, SAMPLE_BYTES)
  const [best] = CYRILLIC.map((encoding) => ({
    encoding,
    score: cyrillicScore(strictly(encoding, sample)?.text),
  })).sort((a, b) => b.score - a.score)
  if (best && best.score > 0.7) return strictly(best.encoding, bytes)
  if (westernScore(strictly('windows-1252', sample)?.text) > 0.9) return strictly('windows-1252', bytes)
  return centralScore(strictly('windows-1250', sample)?.text) > 0.95 ? strictly('windows-1250', bytes) : null
}

const CYRILLIC_LETTER =
  /(?<![a-zA-Z])(?:[а-яіїєґё]|(?<![а-яіїєґёА-ЯІЇЄҐЁ])[А-ЯІЇЄҐЁ]|(?<=[А-ЯІЇЄҐЁ])[А-ЯІЇЄҐЁ](?![а-яіїєґё]))(?![a-zA-Z])/g

/** The share of letters that may stand so in Ukrainian or Russian words, beside no Latin ones, over all that is not ASCII. */
function cyrillicScore(text: string | undefined): number {
  if (text === undefined) return 0
  const strange = text.match(/[\u0080-\uffff]/g)?.length ?? 0
  const letters = text.match(CYRILLIC_LETTER)?.length ?? 0
  const marks = text.match(/[«»“”„’–—…№\u00a0©§°]/g)?.length ?? 0
  const common = text.match(/[оаинітевр]/gi)?.length ?? 0
  if (letters === 0 || common < letters * 0.3 || marks > Math.max(4, letters * 0.5)) return 0
  return (letters + marks) / strange
}

/** The share of letters of Polish, Czech, Slovak, Hungarian, Romanian beside plain ones and of typographic marks, where such are few. */
function centralScore(text: string | undefined): number {
  const strange = text?.match(/[\u0080-\uffff]/g)?.length ?? 0
  if (text === undefined || strange === 0 || strange > text.length * 0.25) return 0
  const fitting = text.match(
    /(?<=\p{L})[ąćęłńóśźżáčďéěíňřšťúůýžöüőűäĺľôŕăâîşţ]|[ąćęłńóśźżáčďéěíňřšťúůýžöüőűĄĆĘŁŃÓŚŹŻÁČĎÉÍŇŘŠŤÚÝŽÖÜŐŰăâîşţ](?=[a-z])|[„”“»«–—…\u00a0]/gu,
  )
  return (fitting?.length ?? 0) / strange
}

/** The share of accented letters beside plain ones and of typographic marks, where such are few. */
function westernScore(text: string | undefined): number {
  if (text === undefined) return 0
  const strange = text.match(/[\u0080-\uffff]/g)?.length ?? 0
  if (strange === 0 || strange > text.length * 0.25) return 0
  const fitting =
    text.match(/(?<=[a-zß-ÿ])[ß-öø-ÿ]|[ß-öø-ÿÀ-Ý](?=[a-z])|(?<=\s)[àÀéó](?=\s)|[«»“”„’‘–—…€£§©®°¿¡\u00a0]/g)
      ?.length ?? 0
  return fitting / strange
}
