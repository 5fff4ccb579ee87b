import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { District, Place } from '../../../../src/services/city/map.contract.ts'
import { Button } from '../../ui/button.tsx'

interface PlaceCardProps {
  place: Place
  district: District | undefined
  moving: boolean
  busy: boolean
  onMove: () => void
  onPut: () => void
  onCancel: () => void
}

/** The room that is chosen on the map: who is there, the way in, and for its keeper the way to move it. */
export function PlaceCard({ place, district, moving, busy, onMove, onPut, onCancel }: PlaceCardProps) {
  const { t } = useTranslation()
  const { room, here, agents, movable } = place
  const who = [
    ...(district ? [district.name] : []),
    here > 0 ? t('map.here', { count: here }) : t('map.nobody'),
    ...(agents > 0 ? [t('map.agents', { count: agents })] : []),
  ].join(' · ')
  return (
    <section className="over pop" aria-label={t('map.chosen')}>
      <div className="grow">
        <h2>{room.name}</h2>
        <div className="meta">{moving ? t('map.moving', { room: room.name }) : who}</div>
        {!moving && room.topic !== '' && <p className="meta more">{room.topic}</p>}
      </div>
      {moving ? (
        <div className="row">
          <Button small look="primary" disabled={busy} onClick={onPut}>
            {t('map.put')}
          </Button>
          <Button small look="quiet" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
        </div>
      ) : (
        <div className="row">
          <Link className="btn btn-p btn-s" to="/rooms/$room" params={{ room: room.slug }}>
            {t('map.enter')}
          </Link>
          {movable && (
            <Button small look="quiet" onClick={onMove}>
              {t('map.move')}
            </Button>
          )}
        </div>
      )}
    </section>
  )
}
