/** Resolves when `check` passes; asked again every few milliseconds for `ms` at most, then its last failure is thrown. */
export async function eventually(check: () => unknown, ms = 10_000): Promise<void> {
  const end = Date.now() + ms
  for (;;) {
    try {
      await check()
      return
    } catch (failure) {
      if (Date.now() > end) throw failure
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
