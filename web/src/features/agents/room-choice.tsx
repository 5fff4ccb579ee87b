import { useTranslation } from 'react-i18next'
import type { Mandate } from '../../../../src/services/agents/registry.contract.ts'
import { useRooms } from '../city/city-context.tsx'

interface RoomChoiceProps {
  chosen: Mandate['rooms']
  onChange: (chosen: Mandate['rooms']) => void
}

/** Where an agent may act: everywhere it belongs, or in rooms chosen by their names. Rooms the reader does not see stay as they are. */
export function RoomChoice({ chosen, onChange }: RoomChoiceProps) {
  const { t } = useTranslation()
  const rooms = useRooms()
  const list = chosen === 'own' ? [] : chosen
  const unseen = list.filter((id) => !rooms.data?.some((room) => room.id === id))
  return (
    <fieldset className="agent-tools">
      <legend>{t('agents.inRooms')}</legend>
      <label>
        <input type="radio" name="where" checked={chosen === 'own'} onChange={() => onChange('own')} />
        <span>{t('agents.ownRooms')}</span>
      </label>
      <label>
        <input type="radio" name="where" checked={chosen !== 'own'} onChange={() => onChange(list)} />
        <span>{t('agents.onlyRooms')}</span>
      </label>
      {chosen !== 'own' && (
        <div className="agent-tools ps-6">
          {rooms.data?.map(({ id, name }) => (
            <label key={id}>
              <input
                type="checkbox"
                checked={list.includes(id)}
                onChange={({ target }) =>
                  onChange([...list.filter((one) => one !== id), ...(target.checked ? [id] : [])])
                }
              />
              <span>{name}</span>
            </label>
          ))}
          {unseen.map((id) => (
            <span key={id} className="meta">
              {id}
            </span>
          ))}
        </div>
      )}
    </fieldset>
  )
}
