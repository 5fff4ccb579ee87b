import { actOperations } from './acts.contract.ts'
import { deskOperations } from './desk.contract.ts'
import { feedOperations } from './feed.contract.ts'
import { fileOperations } from './files.contract.ts'
import { logOperations } from './log.contract.ts'
import { mapOperations } from './map.contract.ts'
import { memberOperations } from './members.contract.ts'
import { messageOperations } from './messages.contract.ts'
import { moderationOperations } from './moderation.contract.ts'
import { notificationOperations } from './notifications.contract.ts'
import { peopleOperations } from './people.contract.ts'
import { presenceOperations } from './presence.contract.ts'
import { previewOperations } from './previews.contract.ts'
import { quotaOperations } from './quotas.contract.ts'
import { roomOperations } from './rooms.contract.ts'
import { searchOperations } from './search.contract.ts'
import { transferOperations } from './transfers.contract.ts'

/** Everything the city does for a caller. The live socket (`GET /api/city/live`, `city.live.contract.ts`) stands beside it. */
export const cityContract = {
  ...roomOperations,
  ...memberOperations,
  ...peopleOperations,
  ...mapOperations,
  ...feedOperations,
  ...messageOperations,
  ...actOperations,
  ...deskOperations,
  ...logOperations,
  ...moderationOperations,
  ...fileOperations,
  ...quotaOperations,
  ...presenceOperations,
  ...notificationOperations,
  ...searchOperations,
  ...previewOperations,
  ...transferOperations,
}
