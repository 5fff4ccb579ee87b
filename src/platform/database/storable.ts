/** Text as PostgreSQL can keep it: without NUL, and with half a surrogate pair made visible. Foreign documents hold both. */
export const storable = (text: string): string => text.replaceAll('\0', '').replace(LONE_SURROGATE, '\uFFFD')

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
