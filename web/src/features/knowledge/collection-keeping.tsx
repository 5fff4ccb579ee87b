import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Pencil, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Collection } from '../../../../src/services/knowledge/collections.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'

interface CollectionKeepingProps {
  collection: Collection
  /** As it is called here. */
  name: string
}

/** What whoever keeps a collection does with it: renames it, and removes their own with everything in it. */
export function CollectionKeeping({ collection, name }: CollectionKeepingProps) {
  const { t } = useTranslation()
  const [doing, setDoing] = useState<'rename' | 'remove' | null>(null)
  const close = () => setDoing(null)
  return (
    <div className="row wrap">
      <Button small look="quiet" icon={Pencil} onClick={() => setDoing('rename')}>
        {t('knowledge.rename')}
      </Button>
      {collection.room === null && (
        <Button small look="quiet" icon={Trash2} onClick={() => setDoing('remove')}>
          {t('knowledge.removeCollection')}
        </Button>
      )}
      {doing === 'rename' && <Rename collection={collection} name={name} onClose={close} />}
      {doing === 'remove' && <Remove collection={collection} name={name} onClose={close} />}
    </div>
  )
}

interface DoingProps extends CollectionKeepingProps {
  onClose: () => void
}

function Rename({ collection, name: was, onClose }: DoingProps) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const done = useRefresh(onClose)
  const [name, setName] = useState(was)
  const rename = useMutation({
    mutationFn: () => api.knowledge.renameCollection({ collection: collection.id, name: name.trim() }),
    onSuccess: done,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') rename.mutate()
  }
  return (
    <Dialog title={t('knowledge.rename')} open onClose={onClose}>
      <form onSubmit={submit}>
        <LabelledField
          label={t('knowledge.newName')}
          value={name}
          maxLength={120}
          onChange={({ target }) => setName(target.value)}
          error={rename.error ? sentenceOf(failureOf(rename.error), language) : undefined}
        />
        <div className="row">
          <Button look="primary" type="submit" disabled={rename.isPending || name.trim() === ''}>
            {t('common.save')}
          </Button>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

function Remove({ collection, name, onClose }: DoingProps) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const done = useRefresh(onClose)
  const remove = useMutation({
    mutationFn: () => api.knowledge.removeCollection({ collection: collection.id }),
    onSuccess: done,
  })
  return (
    <Dialog title={t('knowledge.removeTitle', { name })} open onClose={onClose}>
      <p>{t('knowledge.removeHint', { count: collection.documents.total })}</p>
      <FieldError error={remove.error ? sentenceOf(failureOf(remove.error), language) : undefined} />
      <div className="row">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
          {t('knowledge.removeCollection')}
        </Button>
      </div>
    </Dialog>
  )
}

function useRefresh(onClose: () => void) {
  const queries = useQueryClient()
  return async () => {
    await queries.invalidateQueries({ queryKey: ['collections'] })
    onClose()
  }
}
