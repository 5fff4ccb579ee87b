/// <reference lib="webworker" />
import { CacheableResponsePlugin } from 'workbox-cacheable-response'
import type { WorkboxPlugin } from 'workbox-core'
import { ExpirationPlugin } from 'workbox-expiration'
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { CacheFirst, NetworkFirst } from 'workbox-strategies'
import { SEEN, SEEN_FILES } from './caches.ts'
import { openTold, showTold } from './told.ts'

declare const self: ServiceWorkerGlobalScope
/** Every file of this build with the mark of its content; put in by the build. */
declare const PRECACHE: { url: string; revision: string | null }[]

const DAY_S = 24 * 3600
const LINE_S = 4

// A build is kept whole: an open page finds its own pieces until it is closed or told of the next build.
precacheAndRoute(PRECACHE)
cleanupOutdatedCaches()
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [/^\/(api|v1|docs|health|ready|metrics)(\/|$)/, /\.\w+$/],
  }),
)

/** What answered well, for a month. Workbox's classes and its types disagree about what may be undefined. */
const keeping = (maxEntries: number): WorkboxPlugin[] => [
  new CacheableResponsePlugin({ statuses: [200] }) as WorkboxPlugin,
  new ExpirationPlugin({ maxEntries, maxAgeSeconds: 30 * DAY_S }) as WorkboxPlugin,
]

// What was read stays readable without a line: the city is asked first, and what it said last is shown where it does not answer.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && READ.some((pattern) => pattern.test(url.pathname)),
  new NetworkFirst({
    cacheName: SEEN,
    networkTimeoutSeconds: LINE_S,
    plugins: keeping(500),
  }),
)
const READ = [
  /^\/api\/auth\/(me|door|residents)$/,
  /^\/api\/city\/rooms(\/[^/]+(\/(messages|members|files))?)?$/,
  /^\/api\/city\/(feed|map|people|mentions|saved)$/,
  /^\/api\/agents\/agents$/,
]

// Small views never change under their address.
registerRoute(
  ({ url, sameOrigin }) =>
    sameOrigin && /^\/api\/city\/files\/[^/]+\/(thumbnail|waveform)$/.test(url.pathname),
  new CacheFirst({
    cacheName: SEEN_FILES,
    plugins: keeping(400),
  }),
)

self.addEventListener('push', (event) => event.waitUntil(showTold(self, event.data)))
self.addEventListener('notificationclick', (event) => event.waitUntil(openTold(self, event.notification)))

self.addEventListener('message', ({ data }) => {
  if (data === 'take-over') void self.skipWaiting()
})
