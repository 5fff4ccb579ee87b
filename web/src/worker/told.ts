/// <reference lib="webworker" />

const text = (value: unknown, most: number): string => (typeof value === 'string' ? value.slice(0, most) : '')

/** Shows what the city says happened; the newest of a room takes the place of the one before. */
export async function showTold(
  worker: ServiceWorkerGlobalScope,
  data: PushMessageData | null,
): Promise<void> {
  let said: Record<string, unknown> = {}
  try {
    said = (data?.json() ?? {}) as Record<string, unknown>
  } catch {
    // A browser wants something shown for each push; what cannot be read is shown by the city's name.
  }
  await worker.registration.showNotification(text(said.title, 200) || 'DAARION', {
    body: text(said.body, 400),
    tag: text(said.tag, 200),
    lang: text(said.lang, 5),
    icon: '/icon-192.png',
    data: text(said.url, 1000),
  })
}

/** Opens where it happened: in a page of the city that is open, else in a new one. */
export async function openTold(worker: ServiceWorkerGlobalScope, told: Notification): Promise<void> {
  told.close()
  const { origin } = worker.location
  const url = new URL(text(told.data, 1000) || '/', origin)
  // Nothing that was sent leads out of the city.
  const there = url.origin === origin ? url.href : origin
  const [page] = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const open = await page?.focus().then(
    (focused) => focused.navigate(there),
    () => null,
  )
  if (!open) await worker.clients.openWindow(there)
}
