import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { SearchHit as Hit } from '../../../../src/services/city/search.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { useRooms } from '../city/city-context.tsx'
import { FileIcon } from '../city/parts/doc-card.tsx'
import { Marked } from './marked.tsx'

/** One hit: who, where and when, the words around it, and why it is here. It opens at its place. */
export function SearchHit({ hit }: { hit: Hit }) {
  const { t } = useTranslation()
  const format = useFormat()
  const room = useRooms().data?.find(({ id }) => id === hit.room)?.name ?? hit.roomName
  const what = hit.kind === 'message' || hit.kind === 'document' ? '' : t(`search.kind.${hit.kind}`)
  const where = [what, room, format.moment(hit.at)].filter(Boolean).join(' · ')
  return (
    <HitLink hit={hit}>
      {hit.kind === 'document' ? <FileIcon name={hit.title ?? ''} /> : <Avatar of={hit.author} />}
      <span>
        <span className="wh">
          <b>
            {hit.kind === 'document'
              ? `${hit.title}, ${t('search.page', { page: hit.page ?? 1 })}`
              : hit.author.name}
          </b>
          {hit.kind !== 'document' && hit.author.kind === 'agent' && (
            <span className="tag tag-p">{t('common.agent')}</span>
          )}
          <span>{where}</span>
        </span>
        <span className={hit.kind === 'document' ? 'words rec-t' : 'words'}>
          <Marked text={hit.snippet.text} marks={hit.snippet.marks} />
        </span>
        <WhyHere hit={hit} />
      </span>
    </HitLink>
  )
}

function HitLink({ hit, children }: { hit: Hit; children: React.ReactNode }) {
  if (hit.kind !== 'document')
    return (
      <Link className="hit" to="/rooms/$room" params={{ room: hit.slug }} search={{ message: hit.message }}>
        {children}
      </Link>
    )
  const quote = new URL(hit.link, location.origin).searchParams.get('quote') ?? undefined
  return (
    <Link
      className="hit"
      to="/documents/$document"
      params={{ document: hit.id }}
      search={{ page: hit.page, quote }}
    >
      {children}
    </Link>
  )
}

/** How a hit was found, how near it is, and what it was read from. */
function WhyHere({ hit: { why, kind, second } }: { hit: Hit }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <span className="why">
      {why.near > 0 && (
        <span className="bar" role="img" aria-label={t('search.near', { count: why.near })}>
          {[1, 2, 3, 4].map((step) => (
            <i key={step} className={step <= why.near ? 'y' : undefined} />
          ))}
        </span>
      )}
      {why.words.length > 0 && <span className="tag">{t('search.byWord')}</span>}
      {why.near > 0 && (
        <span className="tag tag-e">{t(why.letters ? 'search.byLetters' : 'search.byMeaning')}</span>
      )}
      <span>{t(`search.why.${kind}`)}</span>
      {second !== undefined && (
        <span className="num">{t('search.at', { time: format.clock(second * 1000) })}</span>
      )}
      {why.near > 0 && why.words.length === 0 && <span>{t('search.notSaid')}</span>}
    </span>
  )
}
