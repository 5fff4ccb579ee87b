// First: zod must know before any schema is made.
import './no-eval.ts'
import './app.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { I18nextProvider } from 'react-i18next'
import { AppError } from '../../src/kernel/errors.ts'
import { createApi } from './api.ts'
import { ApiProvider } from './context.tsx'
import { awaitInstallOffer } from './features/device/install.ts'
import { NewBuildToast } from './features/device/new-build.tsx'
import { fetchSentences } from './i18n/failures.ts'
import { createWords, everyWord, preferredLanguage } from './i18n/language.ts'
import { createRoutes } from './routes/router.tsx'
import { ToastProvider } from './ui/toast.tsx'

const RETRIES = 2

const language = preferredLanguage()
document.documentElement.lang = language
const words = await createWords(language)
const api = createApi(location.origin)
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, cause) => count < RETRIES && AppError.from(cause).retryable,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})
const router = createRoutes({ api, queries, everyWord: () => everyWord(words) })

awaitInstallOffer()

const place = document.getElementById('root')
if (!place) throw new Error('index.html has no #root')
createRoot(place, {
  // What a page says in words is no fault of the page; whatever else it caught is.
  onCaughtError: (cause) => cause instanceof AppError || console.error(cause),
}).render(
  <StrictMode>
    <I18nextProvider i18n={words}>
      <QueryClientProvider client={queries}>
        <ApiProvider value={api}>
          <ToastProvider>
            <NewBuildToast />
            <RouterProvider router={router} />
          </ToastProvider>
        </ApiProvider>
      </QueryClientProvider>
    </I18nextProvider>
  </StrictMode>,
)

/** What the first screens do without comes when they stand. A failure leaves it to whoever needs it next. */
const atRest = window.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 1_000))
atRest(() => {
  void fetchSentences()
  everyWord(words).catch(() => undefined)
})
