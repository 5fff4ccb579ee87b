import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'

/** What stands where a message was. */
export function Tombstone({ deleted }: { deleted: NonNullable<Message['deleted']> }) {
  const { t } = useTranslation()
  return (
    <p className="gone">
      {deleted.reason === undefined ? t('talk.deleted') : t('talk.removedBy', { reason: deleted.reason })}
    </p>
  )
}
