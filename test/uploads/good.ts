import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from '../kit/bad-files.ts'
import { documents, pictures, recordings, type Sent } from './bases.ts'

/** Text in the languages, alphabets and endings people write it. */
const WORDS: Readonly<Record<string, string>> = {
  'українською.txt': 'Збори о шостій. Воду вимкнуть у суботу з дев’ятої до першої.',
  'english.txt': 'The meeting is at six.',
  'polski.txt': 'Zebranie o szóstej. Zażółć gęślą jaźń.',
  'deutsch.txt': 'Die Versammlung ist um sechs. Größe, Straße, Übung.',
  'ქართული.txt': 'შეხვედრა ექვს საათზე.',
  'עברית.txt': 'הפגישה בשש.',
  'العربية.txt': 'الاجتماع في السادسة.',
  '日本語.txt': '会議は六時です。',
  '中文.txt': '会议在六点。',
  'हिन्दी.txt': 'बैठक छह बजे है।',
  'emoji 🙂.txt': 'Так 👍🏽, ні 👎, родина 👨‍👩‍👧‍👦',
  'windows.txt': 'рядок\r\nрядок\r\n',
  'mac.txt': 'рядок\rрядок\r',
  'bom.txt': '\uFEFFз позначкою',
  'tabs.txt': 'назва\tціна\nхліб\t30\n',
  'no end of line.txt': 'без кінця рядка',
  'one.txt': 'а',
  'long line.txt': 'слово '.repeat(2000),
  'many lines.txt': 'рядок\n'.repeat(2000),
  'notes.md': '# Збори\n\n- перше\n- **друге**\n',
  'table.md': '| а | б |\n|---|---|\n| 1 | 2 |\n',
  'code.md': '```js\nconst x = "<script>"\n```\n',
  'README.markdown': 'Просто слова.',
  'ЗВІТ.TXT': 'великими літерами',
  'with spaces and (brackets).txt': 'слова',
  'крапки.v1.2.final.txt': 'слова',
  'апостроф’.txt': 'слова',
  "quote's.txt": 'слова',
  'a&b=c;d.txt': 'слова',
  '100%.txt': 'слова',
  '#1.txt': 'слова',
  'a+b.txt': 'слова',
  'dash — dash.txt': 'слова',
  [`${'довга назва '.repeat(10)}.txt`]: 'слова',
}

/** What a city must take: at least a hundred, by the tools people have. */
export async function goodFiles(fixtures: string): Promise<readonly Sent[]> {
  const real = [
    ...['speech/en-jfk.m4a', 'speech/en-jfk.mp3', 'speech/en-jfk.ogg', 'speech/en-jfk.wav'],
    ...['speech/noise.ogg', 'speech/silence.ogg', 'speech/uk-kamianets.ogg', 'speech/uk-kamianets.webm'],
    ...[
      'images/deslant.tif',
      'images/eurotext.tif',
      'images/uk-notice.jpg',
      'images/phototest-rotated-R.png',
    ],
    ...['photos/cat-chelsea.jpg', 'photos/coffee-cup.jpg', 'images/eurotext.txt', 'images/uk-notice.txt'],
  ]
  return [
    ...Object.entries(WORDS).map(([name, words]) => ({ name, bytes: text(words) })),
    ...(await pictures()),
    ...(await recordings()),
    ...documents(fixtures),
    ...real.map((path) => ({
      name: path.replace(/.*\//, ''),
      bytes: readFileSync(join(fixtures, path)),
    })),
  ]
}
