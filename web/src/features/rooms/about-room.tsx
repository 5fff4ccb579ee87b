import { useMutation } from '@tanstack/react-query'
import { type ChangeEvent, type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Choice, FieldError, LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { PolicyChoice } from '../city/policy-choice.tsx'
import { uploadFile } from '../city/upload.ts'
import { RoomPicture } from './room-picture.tsx'
import { usePutRoom } from './use-prefer.ts'

const UPLOAD_MS = 60_000

/** What a room says of itself, who may come in, and when agents answer. Whoever may not change it sees it all the same. */
export function AboutRoom({ room, mayChange }: { room: Room; mayChange: boolean }) {
  const { t } = useTranslation()
  const api = useApi()
  const put = usePutRoom()
  const language = useLanguage()
  const say = useToast()
  const [name, setName] = useState(room.name)
  const [topic, setTopic] = useState(room.topic)
  const [joining, setJoining] = useState(room.joining)
  const [mode, setMode] = useState(room.replyPolicy.mode)
  const save = useMutation({
    mutationFn: () =>
      api.city.changeRoom({
        room: room.id,
        topic,
        ...(name !== room.name && { name }),
        ...(joining !== 'open' && { joining }),
        ...(mode !== room.replyPolicy.mode && { replyPolicy: { ...room.replyPolicy, mode } }),
      }),
    onSuccess: (changed) => {
      put(changed)
      say({ text: t('city.saved') })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <section aria-labelledby="about-room">
      <h2 id="about-room">{t('rooms.about')}</h2>
      {!mayChange && <p className="meta">{t('city.ownerOnly')}</p>}
      <form className="spaced" onSubmit={submit}>
        <Picture room={room} mayChange={mayChange} />
        <LabelledField
          label={t('city.name')}
          value={name}
          maxLength={80}
          required
          readOnly={!mayChange}
          onChange={(event) => setName(event.target.value)}
        />
        <LabelledField
          label={t('rooms.topic')}
          hint={t('rooms.topicHint')}
          value={topic}
          maxLength={300}
          readOnly={!mayChange}
          onChange={(event) => setTopic(event.target.value)}
        />
        {joining === 'open' ? (
          <p className="meta after">{t('rooms.joiningOpen')}</p>
        ) : (
          <Choice
            label={t('rooms.joining')}
            value={joining}
            onChange={setJoining}
            disabled={!mayChange}
            options={(['invited', 'request'] as const).map((value) => ({
              value,
              label: t(`rooms.joiningChoice.${value}`),
              hint: t(`rooms.joiningHint.${value}`),
            }))}
          />
        )}
        <PolicyChoice value={mode} onChange={setMode} disabled={!mayChange} />
        <FieldError error={save.error ? sentenceOf(failureOf(save.error), language) : undefined} />
        {mayChange && (
          <Button look="primary" type="submit" className="after" disabled={save.isPending}>
            {t('common.save')}
          </Button>
        )}
      </form>
    </section>
  )
}

function Picture({ room, mayChange }: { room: Room; mayChange: boolean }) {
  const { t } = useTranslation()
  const api = useApi()
  const put = usePutRoom()
  const language = useLanguage()
  const chooser = useRef<HTMLInputElement>(null)
  const set = useMutation({
    mutationFn: async (file: File | null) => {
      const signal = AbortSignal.timeout(UPLOAD_MS)
      const stored =
        file &&
        (await uploadFile(
          { blob: file, name: file.name, key: `${file.name}-${file.lastModified}` },
          () => undefined,
          signal,
        ))
      return await api.city.changeRoom({ room: room.id, picture: stored?.id ?? null })
    },
    onSuccess: put,
  })
  const choose = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const [file] = currentTarget.files ?? []
    if (file) set.mutate(file)
    currentTarget.value = ''
  }
  if (!mayChange && !room.picture) return null
  return (
    <div className="lf">
      <span className="lb">{t('rooms.picture')}</span>
      <div className="row wrap">
        {room.picture && <RoomPicture file={room.picture} />}
        {mayChange && (
          <>
            <input
              ref={chooser}
              type="file"
              accept="image/png,image/jpeg,image/webp"
              hidden
              onChange={choose}
            />
            <Button small disabled={set.isPending} onClick={() => chooser.current?.click()}>
              {t('rooms.choosePicture')}
            </Button>
            {room.picture && (
              <Button small look="quiet" disabled={set.isPending} onClick={() => set.mutate(null)}>
                {t('rooms.removePicture')}
              </Button>
            )}
          </>
        )}
      </div>
      <FieldError error={set.error ? sentenceOf(failureOf(set.error), language) : undefined} />
    </div>
  )
}
