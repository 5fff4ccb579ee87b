import { type ComponentType, type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { kernelError } from '../../../src/kernel/errors.ts'
import { useToast } from './toast.tsx'

/** A component that is fetched when it is first drawn; until then `meanwhile` stands there. Where it does not come, a toast says why and offers the next step: once more, or the page anew where the city has a newer one. */
export function piece<P extends object>(
  load: () => Promise<ComponentType<P>>,
  meanwhile: ReactNode = null,
): ComponentType<P> {
  let here: ComponentType<P> | undefined
  return function Piece(props: P) {
    const { t } = useTranslation()
    const say = useToast()
    const [tries, setTries] = useState(0)
    const [, setDrawn] = useState(here !== undefined)
    // biome-ignore lint/correctness/useExhaustiveDependencies: each try fetches once
    useEffect(() => {
      if (here) return
      let wanted = true
      load().then(
        (found) => {
          here = found
          if (wanted) setDrawn(true)
        },
        async () => {
          const renewed = await cityAnswers()
          if (!wanted) return
          say(
            renewed
              ? { text: t('device.newBuild'), act: { label: t('device.takeBuild'), run: openAnew } }
              : {
                  text: t('common.noLine'),
                  act: { label: t('common.retry'), run: () => setTries(tries + 1) },
                },
          )
        },
      )
      return () => {
        wanted = false
      }
    }, [tries])
    const Here = here
    return Here ? <Here {...props} /> : meanwhile
  }
}

/** What is fetched for a whole page fails as a call that reached nobody. */
export const orUnreachable = (cause: unknown): never => {
  throw kernelError('peer.unreachable', { peer: location.host }, { cause })
}

const PROBE_MS = 4_000

/** Whether the city can be reached: then a piece that does not come is of an older build than it serves. */
export const cityAnswers = (): Promise<boolean> =>
  fetch('/health', { cache: 'no-store', signal: AbortSignal.timeout(PROBE_MS) }).then(
    ({ ok }) => ok,
    () => false,
  )

export const openAnew = (): void => location.reload()
