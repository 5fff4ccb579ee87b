import { accountUk } from '../features/account/words.uk.ts'
import { agentsUk } from '../features/agents/words.uk.ts'
import { authUk } from '../features/auth/words.uk.ts'
import { feedUk } from '../features/feed/words.uk.ts'
import { knowledgeUk } from '../features/knowledge/words.uk.ts'
import { listeningUk } from '../features/listening/words.uk.ts'
import { mapUk } from '../features/map/words.uk.ts'
import { moderationUk } from '../features/moderation/words.uk.ts'
import { multimodalUk } from '../features/multimodal/words.uk.ts'
import { notificationsUk } from '../features/notifications/words.uk.ts'
import { operatorUk } from '../features/operator/words.uk.ts'
import { rightsUk } from '../features/rights/words.uk.ts'
import { firstUk } from './uk.first.ts'

/** Every word of the page in Ukrainian, by feature. A feature of the first screens stands in `uk.first.ts`. */
export const uk = {
  ...firstUk,
  agents: agentsUk,
  auth: authUk,
  account: accountUk,
  knowledge: knowledgeUk,
  moderation: moderationUk,
  multimodal: multimodalUk,
  notifications: notificationsUk,
  rights: rightsUk,
  operator: operatorUk,
  listening: listeningUk,
  map: mapUk,
  feed: feedUk,
} as const
