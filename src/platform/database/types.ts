import pg from 'pg'

const { INT8, DATE, TIMESTAMP } = pg.types.builtins
const INT8_ARRAY = 1016

/** What PostgreSQL's types are in JavaScript, the same for both drivers: int8 is a number while it is safe and a bigint past that; timestamptz is a Date; date and numeric are text; timestamp without a zone is read as UTC. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary') {
      if (oid === INT8) return int8
      if (oid === DATE) return String
      if (oid === TIMESTAMP) return (text: string) => new Date(`${text.replace(' ', 'T')}Z`)
      if (oid === INT8_ARRAY) return (text: string) => texts(text).map((item) => item && int8(item))
    }
    return pg.types.getTypeParser(oid, format)
  }) as pg.CustomTypesConfig['getTypeParser'], // pg declares one overload per format
}

function int8(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

const TEXT_ARRAY = 1009
const texts = (text: string): (string | null)[] => pg.types.getTypeParser(TEXT_ARRAY as never)(text)
