/** What is live says in English. A plural key ends in _one, _other. */
export const liveEn = {
  seenBy: 'Read by {{names}}',
  andMore_one: ' and {{count}} more',
  andMore_other: ' and {{count}} more',
  receipts: 'Read marks',
  receiptsHint: 'Others see it under their last message. Hidden, only your own devices know it.',
  shown: 'Shown',
  hidden: 'Hidden',
} as const
