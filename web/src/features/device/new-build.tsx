import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useToast } from '../../ui/toast.tsx'
import { registerWorker } from '../../worker/register.ts'

/** Keeps the app on this device, and says when the city has a newer one. */
export function NewBuildToast() {
  const { t } = useTranslation()
  const say = useToast()
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for the page; a change of language is no second registration
  useEffect(() => {
    registerWorker(({ take }) =>
      say({ text: t('device.newBuild'), act: { label: t('device.takeBuild'), run: take } }),
    ).catch(() => {
      // A browser that keeps nothing (a private window) works all the same.
    })
  }, [])
  return null
}
