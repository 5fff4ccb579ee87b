import { hashPassword, verifyPassword } from '@better-auth/utils/password'
import { authError } from './auth.errors.ts'

/** Password hashing in better-auth's form (scrypt, 16 MB and some 50 ms each), a few at a time: a flood of guesses may fill the queue, not the machine. */
export interface Passwords {
  hash(password: string): Promise<string>
  verify(guess: { readonly hash: string; readonly password: string }): Promise<boolean>
}

const BUSY_SECONDS = 5

/** Rejects with `auth.throttled` when more than `waiting` calls already wait. */
export function createPasswords(parallel = 2, waiting = 64): Passwords {
  let running = 0
  const queue: (() => void)[] = []

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= parallel) {
      if (queue.length >= waiting)
        throw authError('auth.throttled', { seconds: BUSY_SECONDS }, { retryAfterMs: BUSY_SECONDS * 1000 })
      await new Promise<void>((resolve) => queue.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = queue.shift()
      if (next) next()
      else running--
    }
  }

  return {
    hash: (password) => inTurn(() => hashPassword(password)),
    verify: ({ hash, password }) => inTurn(() => verifyPassword(hash, password)),
  }
}
