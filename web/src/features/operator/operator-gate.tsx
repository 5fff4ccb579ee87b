import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { Forbidden } from '../../ui/states.tsx'
import { useMe } from '../auth/session.ts'

/** A page for those who run the city, under its title; the others are told so. */
export function OperatorGate({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation()
  const me = useMe()
  useEffect(() => {
    document.title = title
  }, [title])
  if (isOperator(me)) return children
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <Forbidden title={t('city.nothingHere')}>
        <p>{t('operator.forbidden')}</p>
        <div className="row">
          <Link className="btn btn-s" to="/rooms">
            {t('city.backToRooms')}
          </Link>
        </div>
      </Forbidden>
    </main>
  )
}
