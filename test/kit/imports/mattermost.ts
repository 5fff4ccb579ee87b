const at = 1_709_280_000_000

/** A small bulk export of Mattermost, one value a line. */
export const MATTERMOST: readonly unknown[] = [
  { type: 'version', version: 1 },
  { type: 'team', team: { name: 'hromada', display_name: 'Громада' } },
  {
    type: 'channel',
    channel: { team: 'hromada', name: 'town', display_name: 'Міська', type: 'O', header: 'Новини' },
  },
  { type: 'user', user: { username: 'olena', first_name: 'Олена', last_name: 'Коваль' } },
  { type: 'user', user: { username: 'taras', nickname: 'Тарас' } },
  {
    type: 'post',
    post: {
      team: 'hromada',
      channel: 'town',
      user: 'olena',
      message: 'Зустріч о **шостій**',
      create_at: at,
      is_pinned: true,
      reactions: [
        { user: 'taras', create_at: at + 1, emoji_name: '+1' },
        { user: 'olena', create_at: at + 2, emoji_name: '+1' },
      ],
      attachments: [{ path: '20240301/plan.png' }, { path: 'gone.txt' }],
      replies: [{ user: 'taras', message: 'Буду', create_at: at + 60_000 }],
    },
  },
  {
    type: 'direct_post',
    direct_post: { channel_members: ['olena', 'taras'], message: 'таємне', create_at: at },
  },
  { type: 'playbook', playbook: {} },
]
