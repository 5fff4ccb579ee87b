/** What documents say in Ukrainian. */
export const knowledgeUk = {
  loading: 'Документ завантажується',
  notLoaded: 'Документ не завантажився',
  pages: 'Сторінки',
  pageN: 'Сторінка {{page}}',
  notCounted: 'Сторінки ще не полічено.',
  inRoom: 'з «{{room}}»',
  backTo: 'Назад до «{{room}}»',
  ask: 'Спитати про документ',
  askWords: '@{{agent}} за документом «{{title}}»: ',
  original: 'Відкрити оригінал',
  nothingHereHint: 'Можливо, документ лежить у кімнаті, де вас немає, або посилання застаріло.',
  state: {
    read: 'прочитано',
    ocr: 'розпізнано',
    empty: 'порожня',
    failed: 'не прочитано',
    waiting: 'чекає',
  },
} as const
