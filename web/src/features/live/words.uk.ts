/** Що каже живе українською. Множина: _one, _few, _many, _other. */
export const liveUk = {
  seenBy: 'Прочитали: {{names}}',
  andMore_one: ' і ще {{count}}',
  andMore_few: ' і ще {{count}}',
  andMore_many: ' і ще {{count}}',
  andMore_other: ' і ще {{count}}',
  receipts: 'Позначка «прочитано»',
  receiptsHint: 'Інші бачать це під своїм останнім повідомленням. Приховане знають лише ваші пристрої.',
  shown: 'Показувати',
  hidden: 'Приховати',
} as const
