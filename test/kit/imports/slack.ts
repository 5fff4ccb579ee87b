/** A small export of a Slack workspace, as its own administrators get it. */
export const SLACK: Readonly<Record<string, unknown>> = {
  'users.json': [
    { id: 'U1', name: 'olena', profile: { display_name: 'Олена К.', real_name: 'Олена Коваль' } },
    { id: 'U2', name: 'taras', real_name: 'Тарас', profile: { display_name: '' } },
  ],
  'channels.json': [
    { id: 'C1', name: 'general', topic: { value: 'Про все' }, members: ['U1', 'U2'] },
    { id: 'C2', name: 'empty', topic: { value: '' } },
  ],
  'dms.json': [{ id: 'D1', members: ['U1', 'U2'] }],
  'general/2024-03-01.json': [
    {
      type: 'message',
      subtype: 'channel_join',
      user: 'U2',
      ts: '1709280000.000100',
      text: '<@U2> has joined',
    },
    {
      type: 'message',
      user: 'U1',
      ts: '1709280060.000200',
      thread_ts: '1709280060.000200',
      text: 'Вітаю, <@U2>! План: <https://example.org/plan?a=1&amp;b=2|тут> &lt;b&gt;',
      reactions: [
        { name: 'tada', users: ['U1', 'U2'], count: 2 },
        { name: 'our_own_parrot', users: ['U2'], count: 1 },
      ],
    },
    {
      type: 'message',
      user: 'U2',
      ts: '1709280120.000300',
      thread_ts: '1709280060.000200',
      text: 'Дякую',
      files: [{ id: 'F1', name: 'plan.pdf', url_private: 'https://files.slack.com/x' }],
    },
    {
      type: 'message',
      user: 'U9',
      username: 'ghost',
      ts: '1709280130.000300',
      thread_ts: '1700000000.0',
      text: 'Хто тут?',
    },
  ],
  'general/2024-03-02.json': [
    { type: 'message', user: 'U1', ts: '1709366400.000000', text: '<!here> другий день' },
  ],
}
