/** Where a newer build waits to take over, `take` lets it, and the page opens anew. */
export interface NewBuild {
  take(): void
}

/** Keeps the app and what was read on this device, where the browser allows it (https, or this machine). `found` hears of a newer build. */
export async function registerWorker(found: (build: NewBuild) => void): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker.register('/service-worker.js', { type: 'module' })
  const tell = (worker: ServiceWorker) =>
    found({
      take() {
        navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
        worker.postMessage('take-over')
      },
    })
  // The first build of all has nobody to relieve.
  const look = (worker: ServiceWorker | null) => {
    if (worker && navigator.serviceWorker.controller) tell(worker)
  }
  look(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed') look(worker)
    })
  })
}
