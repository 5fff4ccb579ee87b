import { ChartBarBig, Clock, Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { piece } from '../../ui/piece.tsx'
import { useToast } from '../../ui/toast.tsx'
import type { ComposerState } from '../city/use-composer.ts'

const dialogs = () => import('./composer-dialogs.tsx')
const PollDialog = piece(async () => (await dialogs()).PollDialog)
const ScheduleDialog = piece(async () => (await dialogs()).ScheduleDialog)

interface AddMenuProps {
  room: Room
  composer: ComposerState
  replyTo: Message | null
}

/** What a message can be besides words and files: a poll, or something said later. */
export function AddMenu({ room, composer, replyTo }: AddMenuProps) {
  const { t } = useTranslation()
  const say = useToast()
  const [open, setOpen] = useState<'poll' | 'schedule' | null>(null)
  const later = () => {
    if (composer.files.length > 0) return say({ text: t('talk.scheduleNoFiles') })
    if (composer.text.trim() === '') return say({ text: t('talk.scheduledHint') })
    setOpen('schedule')
  }
  return (
    <>
      <Menu trigger={<IconButton icon={Plus} label={t('talk.attach')} />}>
        <MenuItem icon={ChartBarBig} onSelect={() => setOpen('poll')}>
          {t('talk.poll')}
        </MenuItem>
        <MenuItem icon={Clock} onSelect={later}>
          {t('talk.schedule')}
        </MenuItem>
      </Menu>
      {open === 'poll' && (
        <PollDialog onSend={(poll) => void composer.ask(poll)} onClose={() => setOpen(null)} />
      )}
      {open === 'schedule' && (
        <ScheduleDialog
          room={room.id}
          thread={null}
          replyTo={replyTo?.id ?? null}
          text={composer.text}
          onDone={composer.clear}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  )
}
