import { describe, expect, it } from 'vitest'
import { stem, stems } from './stems.ts'

const same = (words: string) => new Set(words.split(' ').map(stem)).size

describe('stems', () => {
  it.each([
    'документ документа документу документом документі документи документів документам документами документах',
    'кімната кімнати кімнаті кімнату кімнатою кімнат кімнатам кімнатами кімнатах',
    'рік року роком роки років роках',
    'питання питань питанням',
    'міський міського міському міська міської міські міських міськими',
    'місто міста місту містом містах',
    'tree trees',
    'trace traces traced tracing',
    'city cities',
    'run runs running',
    'class classes',
  ])('holds the forms of one word together: %s', (forms) => {
    expect(same(forms)).toBe(1)
  })

  it.each(['мова море', 'кава кавун', 'tree three', 'trace trade', 'new news'])(
    'keeps words apart: %s',
    (words) => {
      expect(same(words)).toBe(words === 'new news' ? 1 : 2)
    },
  )

  it('leaves out the words that say nothing, and joins what a line end has cut', () => {
    expect(stems('Що є в докумен-\nті про м’яту?')).toEqual([stem('документі'), stem('мяту')])
    expect(stems('the and of')).toEqual([])
  })

  it('leaves something of every word, of a lone soft sign too', () => {
    expect(stems('Ь ь Я')).toEqual(['ь', 'ь', 'я'])
  })

  it('gives letters and digits alone, so that no stem can break a query', () => {
    for (const word of stems("O'Brien's 25% & (a|b) !x \\ ':* foo'bar 7400"))
      expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u)
  })
})
