import { z } from 'zod'
import { channel } from '../../kernel/event.ts'

/** Somebody changed the budgets, or what may leave this node: every process reads them anew. */
export const llmBudgetsChanged = channel('llm_proxy.budgets_changed', z.object({}))
