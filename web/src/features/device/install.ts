import { useSyncExternalStore } from 'react'

/** What Chromium hands a page that may be installed: https://developer.mozilla.org/docs/Web/API/BeforeInstallPromptEvent */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>
}

let offered: InstallPrompt | null = null
const listeners = new Set<() => void>()

/** Begins to listen for the browser's offer, which comes once, early. */
export function awaitInstallOffer(): void {
  const change = (next: InstallPrompt | null) => {
    offered = next
    for (const listener of listeners) listener()
  }
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    // The name of the event says what it is; no library types it.
    change(event as InstallPrompt)
  })
  window.addEventListener('appinstalled', () => change(null))
}

/** Installs the app where the browser offers it; null where it does not. */
export function useInstall(): (() => void) | null {
  const offer = useSyncExternalStore(
    (changed) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    () => offered,
  )
  return offer && (() => void offer.prompt())
}

/** Whether the page runs as an installed app. */
export const isInstalled = (): boolean => matchMedia('(display-mode: standalone)').matches
