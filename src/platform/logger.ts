import { type Logger, pino } from 'pino'

export type { Logger }

/** JSON lines on standard output. What could carry a secret or people's words is cut out wherever it stands. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['authorization', 'cookie', 'password', 'token', 'key', 'text'].flatMap((name) => [
        name,
        `*.${name}`,
      ]),
      censor: '[cut]',
    },
  })
}
