import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { DocCard } from './parts/doc-card.tsx'
import { PhotoRead } from './parts/photo-read.tsx'
import { VoiceNote } from './parts/voice-note.tsx'

const VIEWS = { audio: VoiceNote, image: PhotoRead, file: DocCard } as const

/** A message's files, each with what was heard or read in it. */
export function Attachments({ message }: { message: Message }) {
  return message.parts.map((part, index) => {
    const View = VIEWS[part.type]
    return <View key={part.file} message={message} part={part} index={index} />
  })
}
