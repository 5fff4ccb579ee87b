import { useSyncExternalStore } from 'react'
import type { PresenceState } from '../../../../src/services/city/presence.contract.ts'
import { useCity } from '../city/city-context.tsx'

/** What somebody is at now. */
export function usePresence(principal: string): PresenceState {
  const { presence } = useCity()
  return useSyncExternalStore(presence.subscribe, () => presence.of(principal))
}

/** The lit window of somebody who is here, breathing while an agent works. */
export function litOf(state: PresenceState): 'on' | 'breathe' | undefined {
  if (state === 'here' || state === 'idle') return 'on'
  return state === 'reading' || state === 'thinking' || state === 'tool' ? 'breathe' : undefined
}
