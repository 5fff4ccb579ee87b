import { type Candidate, firstAble } from '../../engines/fallback.ts'
import type { OnUsed } from '../../engines/usage.ts'
import { AppError } from '../../kernel/errors.ts'
import { type Bench, type EngineName, type EngineSet, isPaid } from './engine-set.ts'
import type { Bill, Expected, Till } from './till.ts'

/** The first driver that is able, and which it was. One that is paid is asked once its price is held; where there is no money for it, it is passed over as one that lacks its model. A budget of the gateway's own that is spent ends the call. */
export async function byFirst<N extends EngineName, R>(
  bench: Bench<N>,
  { expected, till }: { readonly expected: Expected; readonly till: Till },
  attempt: (driver: EngineSet[N][number], onUsed: OnUsed) => Promise<R>,
): Promise<{ driver: string; result: R }> {
  // Every kind's drivers are candidates; TypeScript does not see it through the record.
  const drivers = bench.drivers() as readonly (EngineSet[N][number] & Candidate)[]
  const bills = new Map<string, Bill>()
  const refusals = new Map<string, AppError>()
  const candidates = drivers.map((driver) => ({
    driver,
    name: driver.name,
    async missing() {
      const lack = await driver.missing?.()
      if (lack || !isPaid(driver)) return lack ?? null
      try {
        bills.set(driver.name, await till.hold(bench.name, driver, expected))
        return null
      } catch (cause) {
        const refusal = AppError.from(cause)
        if (refusal.code !== 'gateway.budget_spent') return refusal
        refusals.set(driver.name, refusal)
        return null
      }
    },
  }))
  return await firstAble(
    candidates,
    async ({ driver, name }) => {
      const refusal = refusals.get(name)
      if (refusal) throw refusal
      const bill = bills.get(name)
      try {
        const result = await attempt(driver, (used) => bill?.used(used))
        await bill?.settle()
        return { driver: name, result }
      } catch (cause) {
        await bill?.fail(cause)
        throw cause
      }
    },
    { cooldown: bench.cooldown },
  )
}
