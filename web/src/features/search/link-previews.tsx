import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'

const AGAIN_MS = 1_500
const TRIES = 8
/** Once a city said that it opens no addresses, it is not asked again on this page. */
const OFF = ['link-previews-off']

/** What the addresses in a message show of themselves, as cards under it; nothing where the city opens none. */
export function LinkPreviews({ message, text }: { message: string; text: string }) {
  return /https?:\/\/\S/i.test(text) ? <Named message={message} text={text} /> : null
}

function Named({ message, text }: { message: string; text: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const { data } = useQuery({
    queryKey: ['link-previews', message, text],
    queryFn: async ({ signal }) => {
      const found = await api.city.previews({ messages: [message] }, { signal })
      if (!found.on) queries.setQueryData(OFF, true)
      return found.items
    },
    enabled: queries.getQueryData(OFF) !== true,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    refetchInterval: ({ state }) =>
      state.dataUpdateCount < TRIES && state.data?.some((item) => item.state === 'pending')
        ? AGAIN_MS
        : false,
  })
  return data
    ?.filter(({ state }) => state === 'done')
    .map(({ url, title, description, site, picture }) => (
      <a
        key={url}
        className={picture === undefined ? 'lp lp-plain' : 'lp'}
        href={url}
        target="_blank"
        rel="noopener noreferrer nofollow"
        aria-label={t('search.preview', { title, site })}
      >
        {picture !== undefined && <Look src={picture} />}
        <span>
          <span className="meta">{site}</span>
          <b>{title}</b>
          {description}
        </span>
      </a>
    ))
}

/** The page's picture as the city keeps it; one that does not come leaves its place quiet. */
function Look({ src }: { src: string }) {
  const [gone, setGone] = useState(false)
  if (gone) return <i className="lp-look" />
  return <img className="lp-look" src={src} alt="" loading="lazy" onError={() => setGone(true)} />
}
