import { words } from './scoring.ts'

type Language = 'uk' | 'en'

/** What a librarian says around the quotes, in one language. */
interface Phrases {
  readonly found: string
  readonly overview: string
  readonly self: string
  readonly nothing: string
  readonly greeting: string
  readonly thanks: string
  readonly noneLookedAt: string
  lookedAt(titles: readonly string[], more: number, messages: number): string
  unread(title: string, pages: readonly number[]): string
}

const ukPlural = new Intl.PluralRules('uk')
const forms = (count: number, one: string, few: string, many: string): string =>
  `${count} ${{ one, few }[ukPlural.select(count) as 'one' | 'few'] ?? many}`

export const PHRASES: Readonly<Record<Language, Phrases>> = {
  uk: {
    found: 'Ось що про це сказано:',
    overview: 'Ось із чого це починається:',
    self: 'Це відповідь бібліотекаря, а не мовної моделі: тут лише дослівні цитати.',
    nothing: 'У цій кімнаті та її документах нічого про це не знайдено.',
    greeting:
      'Вітаю. Запитайте про щось із цієї кімнати чи її документів: знайду потрібне місце й процитую. Я бібліотекар, а не мовна модель.',
    thanks: 'Прошу. Я бібліотекар, а не мовна модель: запитайте, коли треба буде щось знайти.',
    noneLookedAt: 'Переглядати не було чого: жодного уривка не знайшлося.',
    lookedAt: (titles, more, messages) =>
      `Переглянуто: ${[
        ...titles.map((title) => `«${title}»`),
        ...(more > 0 ? [`ще ${forms(more, 'документ', 'документи', 'документів')}`] : []),
        ...(messages > 0 ? [forms(messages, 'повідомлення', 'повідомлення', 'повідомлень')] : []),
      ].join(', ')}.`,
    unread: (title, pages) =>
      pages.length === 1
        ? `Сторінку ${pages[0]} документа «${title}» не прочитано; відповідь її не враховує.`
        : `Сторінки ${ranges(pages)} документа «${title}» не прочитано; відповідь їх не враховує.`,
  },
  en: {
    found: 'Here is what is said about it:',
    overview: 'Here is how it begins:',
    self: 'This is the librarian’s answer, not a language model’s: only word-for-word quotes.',
    nothing: 'Nothing about this was found in this room and its documents.',
    greeting:
      'Good day. Ask about anything in this room or its documents, and I will find the place and quote it. I am the librarian, not a language model.',
    thanks: 'You are welcome. I am the librarian, not a language model: ask when something is to be found.',
    noneLookedAt: 'There was nothing to look at: not one passage was found.',
    lookedAt: (titles, more, messages) =>
      `Looked at: ${[
        ...titles.map((title) => `“${title}”`),
        ...(more > 0 ? [`${more} more document${more === 1 ? '' : 's'}`] : []),
        ...(messages > 0 ? [`${messages} message${messages === 1 ? '' : 's'}`] : []),
      ].join(', ')}.`,
    unread: (title, pages) =>
      pages.length === 1
        ? `Page ${pages[0]} of “${title}” was not read; the answer leaves it out.`
        : `Pages ${ranges(pages)} of “${title}” were not read; the answer leaves them out.`,
  },
}

/** Puts a quote into the language's quotation marks. */
export const quoted = (text: string, language: Language): string =>
  language === 'uk'
    ? `«${text.replaceAll('«', '„').replaceAll('»', '“')}»`
    : `“${text.replaceAll(/[“”]/g, "'")}”`

const HELLO = new Set(
  'привіт вітаю вітання здоров здорова добридень добрий доброго добре день дня ранок ранку вечір вечора ночі слава всім hello hi hey good morning afternoon evening day greetings there howdy'.split(
    ' ',
  ),
)
const THANKS = new Set(
  'дякую спасибі вдячна вдячний дуже щиро красно тобі вам thanks thank you very much so many'.split(' '),
)

const ABOUT_YOU =
  /^(?:а )?(?:хто (?:ти|ви)|що (?:ти|ви) (?:вмієш|вмієте|можеш|можете)|допомога|who are you|what are you|what can you do|help)(?: такий| такі)?$/

/** Whether somebody only greets, thanks or asks who this is; null where they ask for something. */
export function courtesy(question: string): 'greeting' | 'thanks' | null {
  const said = words(question)
  if (said.length === 0 || said.length > 6) return null
  if (ABOUT_YOU.test(said.join(' '))) return 'greeting'
  // A name may follow a greeting: «Привіт, DAARWIZZ».
  const [first = '', ...rest] = said
  if (said.every((word) => THANKS.has(word)) && /^(?:дяк|спасиб|thank|щир|дуже|вдяч)/.test(first))
    return 'thanks'
  if (HELLO.has(first) && first !== 'добре' && rest.every((word) => HELLO.has(word) || rest.length === 1))
    return 'greeting'
  return null
}

/** The language of a text, by its letters. */
export const languageOf = (text: string): Language => (/\p{Script=Cyrillic}/u.test(text) ? 'uk' : 'en')

/** `1–3, 7` */
function ranges(pages: readonly number[]): string {
  const sorted = [...new Set(pages)].sort((a, b) => a - b)
  const runs: [number, number][] = []
  for (const page of sorted) {
    const last = runs.at(-1)
    if (last && last[1] + 1 === page) last[1] = page
    else runs.push([page, page])
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ')
}
