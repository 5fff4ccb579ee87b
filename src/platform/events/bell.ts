/** Lets one loop sleep until it is rung. A ring while nobody sleeps is kept for the next sleep; two are one. */
export interface Bell {
  ring(): void
  /** Resolves at a ring, or after `ms` of real time at the latest. */
  sleep(ms: number): Promise<void>
}

export function createBell(): Bell {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      rung = true
      wake?.()
    },
    async sleep(ms) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        wake = undefined
      }
      rung = false
    },
  }
}
