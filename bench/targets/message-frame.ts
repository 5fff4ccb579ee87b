/** A message as the live socket tells it. The number has always as many digits, so that every frame is as long as the others. */
export const messageFrame = (room: string, seq: number, text: string) => ({
  type: 'message',
  room,
  seq: 10_000_000 + seq,
  message: {
    id: 'msg_01jd7k00000000000000000000',
    room,
    seq: 10_000_000 + seq,
    author: { id: 'person_01jd7k0000000000000000000', kind: 'person', name: 'Ада' },
    clientId: 'c-1',
    text,
    parts: [],
    replyTo: null,
    createdAt: '2026-11-23T12:00:00.000Z',
    runs: [],
  },
})
