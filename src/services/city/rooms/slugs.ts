/** An address for a name: Ukrainian as the official romanisation has it, at word starts too little different to matter. */
export function slugOf(name: string): string {
  const latin = name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/зг/g, 'zgh')
    .replace(/[ьъ'’ʼ]/g, '')
    .replace(/./gu, (letter) => ROMAN[letter] ?? letter)
    .normalize('NFD')
    .replace(/[^a-z0-9]+/g, (gap) => (/^\p{M}+$/u.test(gap) ? '' : '-'))
    .slice(0, 60)
    .replace(/^-+|-+$/g, '')
  return latin === '' ? 'room' : latin
}

const ROMAN: Readonly<Record<string, string>> = {
  а: 'a',
  б: 'b',
  в: 'v',
  г: 'h',
  ґ: 'g',
  д: 'd',
  е: 'e',
  є: 'ie',
  ж: 'zh',
  з: 'z',
  и: 'y',
  і: 'i',
  ї: 'i',
  й: 'i',
  к: 'k',
  л: 'l',
  м: 'm',
  н: 'n',
  о: 'o',
  п: 'p',
  р: 'r',
  с: 's',
  т: 't',
  у: 'u',
  ф: 'f',
  х: 'kh',
  ц: 'ts',
  ч: 'ch',
  ш: 'sh',
  щ: 'shch',
  ю: 'iu',
  я: 'ia',
  ё: 'io',
  ы: 'y',
  э: 'e',
}
