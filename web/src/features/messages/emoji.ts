/** An emoji, its name between colons, and the words that find it. */
export interface Emoji {
  readonly emoji: string
  readonly name: string
  readonly words: string
}

const TABLE = `👍 thumbsup +1 yes ok добре так згода
👎 thumbsdown -1 no погано ні
❤️ heart love серце любов
🎉 tada party свято вітаю
😄 smile happy усмішка
😂 joy laugh сміх
🤣 rofl laugh регіт
🙂 slight_smile smile усмішка
😉 wink підморгування
😊 blush рум’янець
😍 heart_eyes love закоханий
😘 kissing_heart kiss поцілунок
🤗 hugs hug обійми
🤔 thinking hmm думаю
🤨 raised_eyebrow сумнів
😐 neutral нейтрально
😏 smirk посмішка
😮 open_mouth wow подив
😯 hushed подив
😲 astonished wow вражений
😅 sweat_smile ніяково
😬 grimacing ой
🙄 roll_eyes очі
😴 sleeping сон
😌 relieved полегшення
😔 pensive сум
😕 confused незрозуміло
🙁 frowning сумно
😢 cry sad сльоза
😭 sob cry плач
😤 triumph пхе
😠 angry злий
😡 rage лють
🤯 mind_blown вибух
😱 scream крик страх
😨 fearful страх
🥶 cold холод
🥵 hot спека
🤒 sick хворий
🤕 hurt бинт
🥳 partying свято
😎 cool круто
🤓 nerd розумник
🥲 smiling_tear крізь сльози
🫡 salute честь слухаюсь
🫠 melting тану
😇 angel янгол
🤝 handshake угода
🙏 pray thanks дякую прошу
👏 clap оплески браво
🙌 raised_hands ура
👌 ok_hand гаразд
✌️ v peace мир
🤞 crossed_fingers на щастя
🤟 love_you люблю
💪 muscle strong сила
👋 wave hi привіт бувай
✋ hand стоп рука
🖐️ raised_hand рука
☝️ point_up увага
👆 up вгору
👇 down вниз
👈 left ліворуч
👉 right праворуч
👀 eyes дивлюся
👁️ eye око
🧠 brain мозок
🫶 heart_hands серце
🤷 shrug не знаю
🤦 facepalm чоло
🙋 raising_hand я
💁 tipping ось
🏃 runner біжу
🚶 walking іду
👨‍👩‍👧 family родина
👶 baby дитина
🐈 cat кіт
🐕 dog пес
🐦 bird птах
🐝 bee бджола
🐟 fish риба
🦔 hedgehog їжак
🌳 tree дерево
🌻 sunflower соняшник
🌷 tulip тюльпан
🌹 rose троянда
🍀 clover конюшина
🍂 leaves листя
☀️ sun сонце
⛅ cloud хмара
🌧️ rain дощ
❄️ snow сніг
⚡ zap electricity струм блискавка
🔥 fire вогонь
💧 water вода
🌈 rainbow веселка
🌙 moon місяць
⭐ star зірка
✨ sparkles блиск
🍎 apple яблуко
🍉 watermelon кавун
🥕 carrot морква
🍞 bread хліб
🧀 cheese сир
🍕 pizza піца
🍲 stew borsch борщ
🥟 dumpling вареник
🎂 cake торт
🍪 cookie печиво
☕ coffee кава
🍵 tea чай
🍺 beer пиво
🍷 wine вино
🥂 cheers будьмо
⚽ soccer футбол
🏆 trophy кубок
🥇 gold перше місце
🎸 guitar гітара
🎵 music музика
🎨 art мистецтво
🎁 gift подарунок
🎈 balloon кулька
🏠 house дім
🏢 office будинок
🏥 hospital лікарня
🏫 school школа
🚗 car авто
🚌 bus автобус
🚲 bike велосипед
🚂 train потяг
✈️ plane літак
🚀 rocket ракета
⏰ alarm clock будильник
⌛ hourglass чекаю
📅 calendar календар
📌 pin шпилька
📎 paperclip скріпка
📷 camera фото
💻 laptop комп’ютер
📱 phone телефон
💡 bulb idea ідея
🔋 battery батарея
🔧 wrench ремонт
🔨 hammer молоток
🔑 key ключ
🔒 lock замок
📖 book книжка
📝 memo нотатка
📄 page документ
📦 package пакунок
💰 money гроші
💳 card картка
📈 chart_up ріст
📉 chart_down спад
📣 megaphone оголошення
🔔 bell дзвінок
🔕 no_bell тиша
🔍 mag search пошук
♻️ recycle сортування
✅ check done готово
☑️ checked позначено
❌ x no хрестик
➕ plus плюс
➖ minus мінус
❓ question питання
❗ exclamation увага
⚠️ warning увага
🚫 no_entry заборонено
🆗 ok гаразд
🆘 sos допоможіть
💯 hundred сто
💤 zzz сон
💔 broken_heart розбите серце
💙 blue_heart синє серце
💛 yellow_heart жовте серце
💚 green_heart зелене серце
🖤 black_heart чорне серце
🇺🇦 ukraine україна
🏳️ white_flag прапор
🕯️ candle свічка пам’ять
🕊️ dove голуб мир`

/** The emoji that can be called by name. */
export const EMOJI: readonly Emoji[] = TABLE.split('\n').map((line) => {
  const [emoji = '', name = '', ...words] = line.split(' ')
  return { emoji, name, words: [name, ...words].join(' ') }
})

/** Those that are a press away. */
export const QUICK = ['👍', '❤️', '😂', '🎉', '👀', '🙏'] as const

const BY_NAME = new Map(
  EMOJI.flatMap(({ emoji, name, words }) =>
    [name, ...words.split(' ').filter((word) => /^[+-]?[a-z0-9_]+$/.test(word))].map(
      (word) => [word, emoji] as const,
    ),
  ).reverse(),
)

/** The emoji of a name without its colons. */
export const emojiNamed = (name: string): string | undefined => BY_NAME.get(name.toLowerCase())

/** Those whose names or words begin so. */
export function findEmoji(written: string): readonly Emoji[] {
  const start = written.trim().toLowerCase().replace(/^:|:$/g, '')
  if (start === '') return EMOJI
  return EMOJI.filter(
    ({ emoji, words }) => emoji === written.trim() || words.split(' ').some((word) => word.startsWith(start)),
  )
}
