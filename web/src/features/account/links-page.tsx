import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link2, Send } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Provider } from '../../../../src/services/auth/accounts.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { KeyOnce } from '../../ui/key-once.tsx'
import { ListState } from '../auth/list-state.tsx'
import { Revoke } from '../auth/revoke.tsx'
import { SettingsFrame } from './settings-frame.tsx'

const LINKS = ['links']

/** Accounts elsewhere that are oneself here. */
export function LinksPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const api = useApi()
  const queries = useQueryClient()
  const [code, setCode] = useState<{ provider: Provider; code: string; expiresAt: string } | null>(null)
  const refresh = () => queries.invalidateQueries({ queryKey: LINKS })
  const links = useQuery({ queryKey: LINKS, queryFn: async () => (await api.auth.links({})).items })
  const make = useMutation({
    mutationFn: (provider: Provider) => api.auth.makeLinkCode({ provider }),
    onSuccess: (made, provider) => setCode({ provider, ...made }),
  })
  const unlink = useMutation({
    mutationFn: (provider: string) => api.auth.unlink({ provider: Provider.parse(provider) }),
    onSettled: refresh,
  })
  return (
    <SettingsFrame title={t('account.links')}>
      <section aria-labelledby="elsewhere">
        <h2 id="elsewhere">{t('account.elsewhere')}</h2>
        <p className="meta">{t('account.linksHint')}</p>
        {code && (
          <KeyOnce
            icon={Send}
            title={t('account.linkCodeTitle')}
            about={t('account.linkCodeAbout', {
              provider: t(`account.provider.${code.provider}`),
              when: format.time(code.expiresAt),
            })}
            text={code.code}
            words={t('auth.copyWords', { returnObjects: true })}
            done={t('account.linkDone')}
            lost={t('account.linkLost')}
            onDone={() => {
              setCode(null)
              void refresh()
            }}
          />
        )}
        <ListState query={links} empty="" />
        {links.data && (
          <ul className="rows">
            {Provider.options.map((provider) => {
              const linked = links.data.find((link) => link.provider === provider)
              const name = t(`account.provider.${provider}`)
              return (
                <li className="set" key={provider}>
                  <b className="ic">
                    <Icon of={Link2} />
                    {name}
                  </b>
                  <span className="meta">
                    {linked
                      ? t('account.linkedSince', {
                          name: linked.label ?? linked.externalId,
                          when: format.moment(linked.linkedAt),
                        })
                      : t('account.notLinked')}
                  </span>
                  {linked ? (
                    <Revoke
                      id={provider}
                      act={t('account.unlink')}
                      about={name}
                      title={t('account.unlinkTitle', { provider: name })}
                      consequence={t('account.unlinkThen')}
                      keep={t('account.keepLink')}
                      revoke={unlink}
                    />
                  ) : (
                    <Button
                      small
                      aria-label={`${t('account.link')}: ${name}`}
                      disabled={make.isPending}
                      onClick={() => make.mutate(provider)}
                    >
                      {t('account.link')}
                    </Button>
                  )}
                </li>
              )
            })}
          </ul>
        )}
        <FieldError error={make.error ? sentenceOf(failureOf(make.error), format.language) : undefined} />
      </section>
    </SettingsFrame>
  )
}
