import { accountEn } from '../features/account/words.en.ts'
import { agentsEn } from '../features/agents/words.en.ts'
import { authEn } from '../features/auth/words.en.ts'
import { feedEn } from '../features/feed/words.en.ts'
import { knowledgeEn } from '../features/knowledge/words.en.ts'
import { listeningEn } from '../features/listening/words.en.ts'
import { mapEn } from '../features/map/words.en.ts'
import { moderationEn } from '../features/moderation/words.en.ts'
import { multimodalEn } from '../features/multimodal/words.en.ts'
import { notificationsEn } from '../features/notifications/words.en.ts'
import { operatorEn } from '../features/operator/words.en.ts'
import { rightsEn } from '../features/rights/words.en.ts'
import { firstEn } from './en.first.ts'

/** Every word of the page in English, by feature. A feature of the first screens stands in `en.first.ts`. */
export const en = {
  ...firstEn,
  agents: agentsEn,
  auth: authEn,
  account: accountEn,
  knowledge: knowledgeEn,
  moderation: moderationEn,
  multimodal: multimodalEn,
  notifications: notificationsEn,
  rights: rightsEn,
  operator: operatorEn,
  listening: listeningEn,
  map: mapEn,
  feed: feedEn,
} as const
