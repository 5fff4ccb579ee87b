import { useQuery } from '@tanstack/react-query'
import { Square, Volume2 } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useCity } from '../city/city-context.tsx'
import './listening.css'
import { createSpeaker, NotPlayed, type Speaker } from './speaker.ts'
import { spokenWords } from './spoken-words.ts'

let ofThisPage: Speaker | undefined

/** One for the page: what was read before stops. */
function speakerOfPage(): Speaker {
  ofThisPage ??= createSpeaker()
  return ofThisPage
}

/** Reads an answer aloud, and stops. Where the city has no voice residents see nothing, and operators learn what brings one. */
export function Listen({ message: { id, text } }: { message: Message }) {
  const { t, i18n } = useTranslation()
  const api = useApi()
  const say = useToast()
  const language = useLanguage()
  const { me } = useCity()
  const speaker = speakerOfPage()
  const speaking = useSyncExternalStore(speaker.subscribe, speaker.now)
  const voices = useQuery({
    queryKey: ['voices'],
    queryFn: async () => (await api.gateway.voices({})).items,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  // Whoever leaves the room does not hear it read on.
  useEffect(() => () => void (speaker.now()?.id === id && speaker.stop()), [speaker, id])
  const [first] = voices.data ?? []
  // The words of what comes late come late too.
  if (!voices.data || !i18n.exists('listening.listen') || (!first && !isOperator(me))) return null

  const robot = first?.quality === 'robotic'
  const state = speaking?.id === id ? speaking.state : 'idle'
  const press = async () => {
    if (state !== 'idle') return speaker.stop()
    if (!first) return say({ text: t('listening.none') })
    const words = spokenWords(text)
    if (words === '') return say({ text: t('listening.nothing') })
    try {
      await speaker.play(id, words)
    } catch (cause) {
      say({
        text: cause instanceof NotPlayed ? t('listening.silent') : sentenceOf(failureOf(cause), language),
      })
    }
  }
  const label = {
    idle: t('listening.listen'),
    preparing: t('listening.preparing'),
    playing: t(robot ? 'listening.stopRobot' : 'listening.stop'),
  }[state]
  return (
    <Button
      small
      look="quiet"
      className="listen"
      icon={state === 'idle' ? Volume2 : Square}
      {...(state === 'idle' && robot && { title: t('listening.listenRobot') })}
      aria-busy={state === 'preparing'}
      onClick={() => void press()}
    >
      {label}
    </Button>
  )
}
