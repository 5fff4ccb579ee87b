import { Archive, Eye } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { Icon } from '../../ui/icon.tsx'

/** Whether the reader may write in the room. */
export const isSilent = (room: Room): boolean =>
  room.archivedAt !== null || (room.membership === 'guest' && room.visibility !== 'public')

/** In the place of the composer: why nothing is written here. */
export function SilentRoom({ room }: { room: Room }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <p className="silent">
      <Icon of={room.archivedAt === null ? Eye : Archive} />
      {room.archivedAt === null
        ? t('rooms.guestNote')
        : t('rooms.archiveNote', { when: format.moment(room.archivedAt) })}
    </p>
  )
}
