import { cityError } from '../city.errors.ts'
import type { PartType } from '../messages.contract.ts'

/** Which kinds of part some service of this city reads. */
export type Capabilities = Readonly<Record<PartType, boolean>>

/** What a part fails with where no service of this city could read it. */
export const absent = (type: PartType) => cityError('city.engine_absent', { type }).toJSON().error
