import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_TEXT, type Message, type NewPoll } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { useCity } from './city-context.tsx'
import type { Attached } from './drafts.ts'
import { FILE_LIMIT_BYTES, FILES_LIMIT, partTypeOf } from './upload.ts'

interface ComposerNeeds {
  room: Room
  thread: string | null
  replyTo: Message | null
  onReplyDone: () => void
  onSent: () => void
}

/** The state of a composer: words, files and what is wrong with them, kept per room, and the way into the outbox. */
export function useComposer({ room, thread, replyTo, onReplyDone, onSent }: ComposerNeeds) {
  const { t } = useTranslation()
  const format = useFormat()
  const { drafts, outbox } = useCity()
  /** What was begun in a thread is kept apart from what was begun in its room. */
  const place = thread === null ? room.id : `${room.id}:${thread}`
  const [text, setWords] = useState(() => drafts.text(place))
  const [files, setFiles] = useState(() => drafts.files(place))
  const [faults, setFaults] = useState<readonly string[]>([])
  useEffect(() => drafts.setFiles(place, files), [drafts, place, files])

  const setText = (next: string) => {
    setWords(next)
    drafts.setText(place, next)
    setFaults([])
  }
  const faultOf = ({ name, size }: File): string | null => {
    if (size === 0) return t('city.emptyFile', { name })
    if (size <= FILE_LIMIT_BYTES) return null
    return t('city.tooLarge', { name, size: format.bytes(size), limit: format.bytes(FILE_LIMIT_BYTES) })
  }
  const attach = (added: readonly File[]) => {
    const fit = added.filter((file) => faultOf(file) === null)
    const room = Math.max(0, FILES_LIMIT - files.length)
    const found = added.map(faultOf).filter((fault) => fault !== null)
    if (fit.length > room) found.push(t('city.tooMany', { count: FILES_LIMIT }))
    setFaults(found)
    setFiles([...files, ...fit.slice(0, room).map(attached)])
  }
  const clear = () => {
    setText('')
    setFiles([])
    onReplyDone()
  }
  const out = async (words: string, sent: readonly Attached[]) => {
    const body = sent.map(({ name, type, blob, durationMs }) => ({ name, type, blob, durationMs }))
    await outbox.add({ room: room.id, text: words, replyTo: replyTo?.id ?? null, thread, files: body })
    onSent()
  }
  const ask = async (poll: NewPoll) => {
    await outbox.add({ room: room.id, text: '', replyTo: replyTo?.id ?? null, thread, poll, files: [] })
    onReplyDone()
    onSent()
  }
  return {
    text,
    files,
    faults,
    setText,
    ask,
    clear,
    attach,
    remove: (key: string) => setFiles(files.filter((file) => file.key !== key)),
    /** Gives a recording back that was cancelled or left. */
    putBack: (voice: Attached) => {
      const next = [...drafts.files(place), voice]
      drafts.setFiles(place, next)
      setFiles(next)
    },
    /** Resolves to whether there was something to send. */
    async send() {
      const words = text.trim()
      if (words === '' && files.length === 0) return false
      if (words.length > MAX_TEXT) {
        setFaults([t('city.tooLong', { length: format.count(words.length), limit: format.count(MAX_TEXT) })])
        return false
      }
      clear()
      await out(words, files)
      return true
    },
    async sendVoice(voice: Attached) {
      onReplyDone()
      await out('', [voice])
    },
  }
}

const attached = (file: File): Attached => ({
  key: `${file.name}:${file.size}:${file.lastModified}:${Math.random()}`,
  name: file.name,
  type: partTypeOf(file),
  blob: file,
})

export type ComposerState = ReturnType<typeof useComposer>
