import { expect, test } from 'vitest'
import type { RunRequest } from './agents.contract.ts'
import {
  answerLanguage,
  messageFindings,
  partFindings,
  passagesOf,
  questionOf,
  withoutNames,
} from './context.ts'

const names = ['daarwizz', 'даарвіз']
const voice = {
  type: 'audio' as const,
  name: 'voice.webm',
  mime: 'audio/webm',
  sizeBytes: 9,
  state: 'done' as const,
  transcript: {
    text: 'Даарвіз, скільки коштує оренда?',
    language: 'uk',
    speech: true,
    segments: [],
    engine: 'x',
  },
}
const photo = { ...voice, type: 'image' as const, name: 'sign.jpg', transcript: undefined }
const request = (more: Partial<RunRequest>): RunRequest => ({
  run: 'run_1',
  agent: 'daarwizz',
  asker: { id: 'usr_1', kind: 'person', name: 'Olia', role: 'resident' },
  room: null,
  message: 'msg_1',
  text: '',
  parts: [],
  history: [],
  ...more,
})

test.each([
  ['@daarwizz, що там?', 'що там?'],
  ['Скажи, Даарвіз, що там', 'Скажи, що там'],
  ['the daarwizzard', 'the daarwizzard'],
  ['mail a@daarwizz.org', 'mail a@daarwizz.org'],
])('the name is no part of the question: %s', (text, left) => expect(withoutNames(text, names)).toBe(left))

test('a voice message without words is the question; beside words it is what is asked about', () => {
  const spoken = request({ text: '@daarwizz', parts: [voice] })
  expect(questionOf(spoken, names)).toBe('скільки коштує оренда?')
  expect(partFindings(spoken, names, 'x')).toEqual([])
  const asked = request({ text: 'What is said here?', parts: [voice] })
  expect(questionOf(asked, names)).toBe('What is said here?')
  expect(partFindings(asked, names, 'x')).toMatchObject([
    { kind: 'part', title: 'voice.webm', message: 'msg_1' },
  ])
})

test('recognised text and pages kept nowhere are findings; of many the nearest are taken', () => {
  const pages = Array.from({ length: 20 }, (_, i) => ({
    number: i + 1,
    text: i === 16 ? 'The rent is 500.' : 'Rain.',
  }))
  const found = partFindings(
    request({
      parts: [
        {
          ...photo,
          transcript: undefined,
          ocr: { text: 'OPEN', confidence: 0.9, engine: 'x' },
          pages,
        } as never,
      ],
    }),
    names,
    'What is the rent?',
  )
  expect(found).toHaveLength(8)
  expect(found[0]).toMatchObject({ text: 'The rent is 500.', page: 17 })
})

test('the agent’s own words are no source', () => {
  const said = (id: string, kind: 'person' | 'agent') => ({
    message: `msg_${id}`,
    author: { id, kind, name: id },
    at: '2026-05-01T12:00:00.000Z',
    text: 'words',
  })
  const history = [said('usr_2', 'person'), said('agent_daarwizz', 'agent')]
  expect(messageFindings(request({ history }), 'agent_daarwizz').map(({ title }) => title)).toEqual(['usr_2'])
})

test('the answer’s language is the question’s, then that of what was found', () => {
  expect(answerLanguage('What?', [])).toBe('en')
  expect(answerLanguage('Що?', [])).toBe('uk')
  expect(answerLanguage('', [{ kind: 'part', title: 'x', text: 'Open until nine' }])).toBe('en')
})

test('a long text is cut between sentences and nothing is lost', () => {
  const text = 'A sentence of some length stands here. '.repeat(100).trim()
  const passages = passagesOf(text)
  expect(Math.max(...passages.map((p) => p.length))).toBeLessThanOrEqual(1_200)
  expect(passages.join(' ')).toBe(text)
})
