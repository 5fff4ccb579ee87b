import { describe, expect, it } from 'vitest'
import { mentioned } from './mentions.ts'

const daarwizz = { slug: 'daarwizz', name: 'DAARWIZZ', names: ['daarwizz', 'даарвіз'] }
const ada = { slug: 'ada', name: 'Ада', names: ['ада'] }
const whom = (text: string) => mentioned(text, [daarwizz, ada]).map((agent) => agent.slug)

describe('a name in a text', () => {
  it.each([
    '@daarwizz що є в документі?',
    'DAARWIZZ, привіт',
    'скажи, daarwizz.',
    '(@DAARWIZZ) are you there',
    "DAARWIZZ's answer",
    '@daarwizz.що там',
    'ＤＡＡＲＷＩＺＺ',
  ])('is found where it is written: %s', (text) => expect(whom(text)).toEqual(['daarwizz']))

  it.each([
    'Даарвіз, що на фото?',
    'дарвіз скажи мені',
    'Дарвіс, який сьогодні день',
    'Слухай, Дарвізе, поясни',
    'запитай у дарвіза',
    'скажи Дарвізові',
    'Дар віз, порахуй',
    'дар-віз',
    'Дар’віз, ти тут?',
    'Дарвідз, привіт',
    'Дарвис, прочитай',
    'Hey Dar Wiz, what is this',
    'Darwiz tell me',
    'dar whiz please read it',
    'Darviz',
    'Dorwiz, hello',
  ])('is found where it was heard: %s', (text) => expect(whom(text)).toEqual(['daarwizz']))

  it.each([
    'Charles Darwin wrote this',
    'Дарвін написав це',
    'Jarvis, open the door',
    'Miles Davis plays',
    'Darius was a king',
    'Дервіші танцюють',
    'a whirling dervish',
    'he drives and derives',
    'see https://daarwizz.example/page',
    'write to info@daarwizz.example',
    'wizard of the city',
    'дарую візок',
    'подарував із радістю',
    'сервіс даруватиме',
    'daarwizzard',
    '',
    '   ',
  ])('is not heard in: %s', (text) => expect(whom(text)).toEqual([]))

  it('counts as written only, where it is short', () => {
    expect(whom('ада, привіт')).toEqual(['ada'])
    expect(whom('ода радості')).toEqual([])
    expect(whom('ада та Даарвіз')).toEqual(['daarwizz', 'ada'])
  })

  it('is looked for in linear time', () => {
    expect(whom('дар '.repeat(25_000))).toEqual([])
    expect(whom('a'.repeat(100_000))).toEqual([])
    expect(whom('a.'.repeat(50_000))).toEqual([])
  })
})
