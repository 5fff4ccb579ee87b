import { useTranslation } from 'react-i18next'
import { BottomSheet } from '../../ui/dialog.tsx'
import { Icon } from '../../ui/icon.tsx'
import { QUICK } from './emoji.ts'
import type { Acts } from './use-acts.ts'

/** The phone's menu of a message: reactions a press away, and everything else that can be done. */
export function MessageSheet({ acts, open, onClose }: { acts: Acts; open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const then = (run: () => void) => () => {
    onClose()
    run()
  }
  return (
    <BottomSheet title={t('city.actions')} open={open} onClose={onClose} closeLabel={t('common.close')}>
      {acts.speaks && (
        // biome-ignore lint/a11y/useSemanticElements: a group of buttons, not of fields
        <div className="quick" role="group" aria-label={t('talk.reactions')}>
          {QUICK.map((emoji) => (
            <button key={emoji} type="button" onClick={then(() => acts.react(emoji))}>
              {emoji}
            </button>
          ))}
        </div>
      )}
      <div className="sheet-menu menu">
        {acts.items.map(({ key, icon, label, bad, run }) => (
          <button key={key} type="button" className={bad ? 'bad' : undefined} onClick={then(run)}>
            <Icon of={icon} />
            {label}
          </button>
        ))}
      </div>
    </BottomSheet>
  )
}
