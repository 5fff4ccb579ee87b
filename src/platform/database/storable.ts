/** Text as PostgreSQL can keep it: without NUL, and with half a surrogate pair made visible. Foreign documents hold both. */
export const storable = (text: string): string => text.replaceAll('\0', '').replace(LONE_SURROGATE, '\uFFFD')

/** Whether PostgreSQL keeps a text as it is. */
export const isStorable = (text: string): boolean => !SUSPECT.test(text) || storable(text) === text

/** JSON as PostgreSQL can keep it: every text in it made storable. A text cut short inside a character is enough to need it. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value)
  return SUSPECT_JSON.test(json) ? JSON.stringify(value, storableStrings) : json
}

const storableStrings = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? storable(value) : value

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is looked for because it cannot be kept
const SUSPECT = /[\0\uD800-\uDFFF]/
/** JSON.stringify writes only halves of pairs, and NUL, as these escapes. */
const SUSPECT_JSON = /\\u(?:0000|d[89a-f])/
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
