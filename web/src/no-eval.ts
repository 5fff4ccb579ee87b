import { config } from 'zod'

/** The page may not make code from text (`script-src 'self'`), so zod must not try to. */
config({ jitless: true })
