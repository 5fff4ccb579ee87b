import type { RunRequest } from './agents.contract.ts'
import type { RunContext } from './context.ts'

/** The words by which people name what they decided, promised or asked, in both languages. */
const MARKS = {
  decisions:
    /(?:вирішили|вирішено|ухвалили|ухвалено|домовилися|домовились|погодили|погоджено|we decided|decided|agreed|it is settled)/iu,
  tasks:
    /(?:треба|потрібно|зроблю|зробить|зробіть|візьму|підготую|надішлю|будь ласка|завдання|до понеділка|до вівторка|до середи|до четверга|до п[’'ʼ]ятниці|todo|to do|i will|i['’]ll|please|needs to|must|by (?:monday|tuesday|wednesday|thursday|friday|tomorrow))/iu,
  questions: /\?\s*$/u,
} as const
type Heading = keyof typeof MARKS

const WORDS = {
  uk: {
    decisions: 'Рішення',
    tasks: 'Завдання',
    questions: 'Запитання',
    none: 'Не знайшов ні рішень, ні завдань, ні запитань у тому, що сказали.',
    how: 'Виписано за словами, якими це називають, без мовної моделі: перевірте, чи нічого не пропущено.',
  },
  en: {
    decisions: 'Decisions',
    tasks: 'Tasks',
    questions: 'Questions',
    none: 'I found neither decisions nor tasks nor questions in what was said.',
    how: 'Written out by the words that people use for them, without a language model: check that nothing is left out.',
  },
}
const MOST = 40

/** Minutes by rules: each sentence of the talk that names a decision, a task or a question, once, under the first that fits, with its author and source. */
export function minutes(request: RunRequest, { sources, language }: RunContext): string {
  const words = WORDS[language]
  const numbers = new Map(sources.flatMap(({ message, n }) => (message === undefined ? [] : [[message, n]])))
  const found: Record<Heading, string[]> = { decisions: [], tasks: [], questions: [] }
  for (const { message, author, text } of request.history) {
    if (author.kind === 'agent') continue
    for (const sentence of text.split(/(?<=[.!?…])\s+|\n+/u)) {
      const heading = (Object.keys(MARKS) as Heading[]).find((one) => MARKS[one].test(sentence.trim()))
      const n = numbers.get(message)
      if (heading && sentence.trim() !== '')
        found[heading].push(`- ${author.name}: ${sentence.trim()}${n === undefined ? '' : ` [${n}]`}`)
    }
  }
  const parts = (Object.keys(MARKS) as Heading[])
    .filter((heading) => found[heading].length > 0)
    .map((heading) => `**${words[heading]}**\n${found[heading].slice(-MOST).join('\n')}`)
  return [...(parts.length > 0 ? parts : [words.none]), words.how].join('\n\n')
}
