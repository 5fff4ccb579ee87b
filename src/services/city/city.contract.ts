import { fileOperations } from './files.contract.ts'
import { messageOperations } from './messages.contract.ts'
import { roomOperations } from './rooms.contract.ts'

/** Everything the city does for a caller. The live socket (`GET /api/city/live`, `city.live.contract.ts`) stands beside it. */
export const cityContract = { ...roomOperations, ...messageOperations, ...fileOperations }
