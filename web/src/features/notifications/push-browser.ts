import type { Api } from '../../api.ts'

/** What of being woken is possible in this browser: not on this address or in this browser, refused by its owner, off or on; `keyless` where the city wakes nobody. */
export type PushHere = 'plain' | 'unable' | 'denied' | 'off' | 'on' | 'keyless'

const PATIENCE_MS = 8_000

const registration = async (): Promise<ServiceWorkerRegistration | undefined> =>
  'serviceWorker' in navigator ? await navigator.serviceWorker.getRegistration() : undefined

/** How it stands now. */
export async function pushHere(): Promise<PushHere> {
  if (!window.isSecureContext) return 'plain'
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) return 'unable'
  if (Notification.permission === 'denied') return 'denied'
  const subscription = await (await registration())?.pushManager.getSubscription()
  return subscription ? 'on' : 'off'
}

/** Asks the browser's owner, and has the city wake it. */
export async function wakeHere(api: Api, locale: 'uk' | 'en'): Promise<PushHere> {
  if ((await Notification.requestPermission()) !== 'granted') return await pushHere()
  const { key } = await api.city.push({})
  if (key === null) return 'keyless'
  const worker = await registration()
  if (!worker) return 'unable'
  const subscription = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytesOf(key),
  })
  const { p256dh = '', auth = '' } = subscription.toJSON().keys ?? {}
  await api.city.subscribePush({ endpoint: subscription.endpoint, keys: { p256dh, auth }, locale })
  return 'on'
}

/** Lets this browser sleep: whoever signs out is not told any more. The city forgets it first; if it cannot, it learns at the next push. */
export async function sleepHere(api: Api): Promise<PushHere> {
  const subscription = await (await registration())?.pushManager?.getSubscription()
  if (!subscription) return await pushHere()
  const { endpoint } = subscription
  await api.city.unsubscribePush({ endpoint }, { timeoutMs: PATIENCE_MS }).catch(() => undefined)
  await subscription.unsubscribe()
  return await pushHere()
}

/** Base64url, as keys of push services are written, in bytes. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0))
}
