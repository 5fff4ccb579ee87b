import { engineError } from '../../engines/engine.errors.ts'
import { type OcrLanguage, readsAll } from '../../engines/ocr/ocr.ts'
import type { Bench } from './engine-set.ts'

/** The drivers that know the letters of what may be written, and tell where words stand where that is wanted. `engine.no_language`, `engine.no_places`. */
export function ableReaders(
  bench: Bench<'ocr'>,
  languages?: readonly OcrLanguage[],
  wantsPlaces = false,
): Bench<'ocr'> {
  const reading = bench.drivers().filter((driver) => readsAll(driver, languages))
  const [language = 'uk'] = languages ?? []
  if (reading.length === 0) throw engineError('engine.no_language', { language })
  const able = reading.filter(({ places }) => !wantsPlaces || places !== false)
  if (able.length === 0) throw engineError('engine.no_places')
  return { ...bench, drivers: () => able }
}
