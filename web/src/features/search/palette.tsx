import { Search } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/icon.tsx'
import { fitting } from './palette-items.ts'
import { type Choice, usePaletteItems } from './use-palette-items.tsx'

/** Rooms, people, actions and the search by a few letters: arrows choose, Enter goes. It closes itself after a choice. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const id = useId()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const { items, find } = usePaletteItems()
  const query = typed.replace(/^[>@]/, '').trim()
  const fits = fitting(items, typed)
  const choices: readonly Choice[] =
    typed.startsWith('>') || typed.startsWith('@') ? fits : [...fits, find(query)]
  const now = choices[Math.min(at, choices.length - 1)]
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  })
  const choose = (choice: Choice | undefined) => {
    if (!choice) return
    onClose()
    choice.run()
  }
  const press = (event: React.KeyboardEvent) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (way !== undefined && choices.length > 0) {
      event.preventDefault()
      setAt((Math.min(at, choices.length - 1) + way + choices.length) % choices.length)
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault()
      choose(now)
    }
  }
  return (
    <Dialog.Root open onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil">
          <Dialog.Content className="pal" aria-describedby={undefined}>
            <Dialog.Title className="vh">{t('search.palette')}</Dialog.Title>
            <label>
              <Icon of={Search} />
              <input
                role="combobox"
                aria-expanded="true"
                aria-controls={`${id}-list`}
                aria-activedescendant={now && `${id}-${now.id}`}
                aria-autocomplete="list"
                aria-label={t('search.paletteInput')}
                placeholder={t('search.paletteInput')}
                maxLength={200}
                value={typed}
                onKeyDown={press}
                onChange={(event) => {
                  setTyped(event.target.value)
                  setAt(0)
                }}
              />
              <kbd>Esc</kbd>
            </label>
            <div
              className="menu"
              role="listbox"
              id={`${id}-list`}
              aria-label={t('search.palette')}
              ref={list}
            >
              {GROUPS.map((group) => (
                <Group key={group} name={group} of={choices} now={now} id={id} onChoose={choose} />
              ))}
              {choices.length === 0 && <p className="meta p-3">{t('search.nothing')}</p>}
            </div>
            <span className="vh" role="status">
              {t('search.results', { count: choices.length })}
            </span>
            <div className="foot meta" aria-hidden="true">
              <span>
                <kbd>↑</kbd> <kbd>↓</kbd> {t('search.choose')}
              </span>
              <span>
                <kbd>&gt;</kbd> {t('search.onlyActions')}
              </span>
              <span>
                <kbd>@</kbd> {t('search.onlyPeople')}
              </span>
            </div>
          </Dialog.Content>
        </Dialog.Overlay>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

const GROUPS = ['go', 'act', 'find'] as const

interface GroupProps {
  name: (typeof GROUPS)[number]
  of: readonly Choice[]
  now: Choice | undefined
  id: string
  onChoose: (choice: Choice) => void
}

function Group({ name, of, now, id, onChoose }: GroupProps) {
  const { t } = useTranslation()
  const own = of.filter(({ group }) => group === name)
  if (own.length === 0) return null
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of options has no element of its own
    <div role="group" aria-labelledby={`${id}-${name}`}>
      <div className="group" id={`${id}-${name}`}>
        {t(`search.${name}`)}
      </div>
      {own.map((choice) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
        // biome-ignore lint/a11y/useFocusableInteractive: the field above keeps the focus
        <div
          key={choice.id}
          id={`${id}-${choice.id}`}
          role="option"
          aria-selected={choice.id === now?.id}
          onClick={() => onChoose(choice)}
        >
          {choice.sign}
          <span className="trim">{choice.name}</span>
          {choice.hint && <span className="meta">{choice.hint}</span>}
        </div>
      ))}
    </div>
  )
}
