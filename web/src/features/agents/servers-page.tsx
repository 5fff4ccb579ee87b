import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { McpServer } from '../../../../src/services/agents/servers.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'
import { BesideAgents } from './beside-agents.tsx'

const REFRESH_MS = 5_000
const SERVERS = ['agent-servers']
const RISKS = ['read', 'outward', 'effect'] as const
const AUTHS = ['none', 'key', 'oauth'] as const

/** Servers of tools of others: added, connected and judged by those who run the city. A server's sign-in leads back here. */
export function ServersPage() {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const back = useFinished()
  const servers = useQuery({
    queryKey: SERVERS,
    queryFn: async () => (await api.agents.servers({})).items,
    refetchInterval: REFRESH_MS,
  })
  return (
    <BesideAgents title={t('agents.servers.title')}>
      <p className="meta">{t('agents.servers.hint')}</p>
      <FieldError error={back ? sentenceOf(failureOf(back), language) : undefined} />
      <ListState query={servers} empty={t('agents.servers.none')} />
      <ul className="rows">
        {servers.data?.map((server) => (
          <li key={server.slug}>
            <Server of={server} />
          </li>
        ))}
      </ul>
      <AddServer />
    </BesideAgents>
  )
}

/** Hands over what a server's sign-in sent back, once, and takes it out of the address. Gives why that failed. */
function useFinished(): Error | null {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const say = useToast()
  const { state, code } = useSearch({ from: '/inside/agents/servers' })
  const taken = useRef(false)
  const finish = useMutation({
    mutationFn: (given: { state: string; code: string }) => api.agents.finishConnecting(given),
    onSuccess: async () => {
      say({ text: t('agents.servers.connected') })
      await queries.invalidateQueries({ queryKey: SERVERS })
    },
  })
  const { mutate } = finish
  useEffect(() => {
    if (taken.current || state === undefined || code === undefined) return
    taken.current = true
    mutate({ state, code })
    void navigate({ to: '/agents/servers', search: {}, replace: true })
  }, [state, code, mutate, navigate])
  return finish.error
}

function Server({ of }: { of: McpServer }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const done = { onSuccess: () => queries.invalidateQueries({ queryKey: SERVERS }) }
  const connect = useMutation({
    mutationFn: () => api.agents.connectServer({ server: of.slug }),
    onSuccess: async ({ url }) => {
      if (url !== null) location.assign(url)
      await done.onSuccess()
    },
  })
  const remove = useMutation({ mutationFn: () => api.agents.removeServer({ server: of.slug }), ...done })
  const judge = useMutation({
    mutationFn: (given: { tool: string; risk: (typeof RISKS)[number] }) =>
      api.agents.setToolRisk({ server: of.slug, ...given }),
    ...done,
  })
  const failure = connect.error ?? remove.error ?? judge.error
  const signs = of.auth === 'oauth' && of.state !== 'ready'
  return (
    <article className="grid gap-2" aria-label={of.slug}>
      <h2>
        {of.slug} <span className="tag">{t(`agents.servers.state.${of.state}`)}</span>
      </h2>
      <p className="meta">
        {of.at} {of.fromFile && `· ${t('agents.servers.fromFile')}`}
      </p>
      {of.problem && (
        <FieldError
          error={sentenceOf(
            { code: of.problem.code, message: of.problem.message, params: { server: of.slug } },
            language,
          )}
        />
      )}
      {of.problem?.log && (
        <details>
          <summary>{t('agents.servers.log')}</summary>
          <pre className="diff">{of.problem.log}</pre>
        </details>
      )}
      {of.tools.map(({ tool, description, risk, saysReadOnly, changed }) => (
        <div key={tool} className="grid gap-1">
          <LabelledSelect
            label={t('agents.servers.risk', { tool })}
            value={risk}
            options={RISKS.map((value) => ({ value, label: t(`agents.servers.risks.${value}`) }))}
            onChange={(value) => judge.mutate({ tool, risk: value })}
          />
          <span className="meta">
            {description} {saysReadOnly && t('agents.servers.saysReadOnly')}{' '}
            {changed && t('agents.servers.changed')}
          </span>
        </div>
      ))}
      <div className="flex gap-2">
        <Button small disabled={connect.isPending} onClick={() => connect.mutate()}>
          {t(signs ? 'agents.servers.connect' : 'agents.servers.again')}
        </Button>
        {!of.fromFile && (
          <Button small look="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {t('agents.servers.remove')}
          </Button>
        )}
      </div>
      <FieldError error={failure ? sentenceOf(failureOf(failure), language) : undefined} />
    </article>
  )
}

function AddServer() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const [slug, setSlug] = useState('')
  const [url, setUrl] = useState('')
  const [auth, setAuth] = useState<(typeof AUTHS)[number]>('none')
  const [key, setKey] = useState('')
  const add = useMutation({
    mutationFn: () => api.agents.addServer({ slug, url, auth, ...(auth === 'key' && { key }) }),
    onSuccess: async () => {
      setSlug('')
      setUrl('')
      setKey('')
      await queries.invalidateQueries({ queryKey: SERVERS })
    },
  })
  return (
    <form
      className="grid gap-3 after"
      aria-label={t('agents.servers.add')}
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <h2>{t('agents.servers.add')}</h2>
      <LabelledField
        label={t('agents.servers.slug')}
        value={slug}
        required
        maxLength={20}
        pattern="[a-z][a-z0-9\-]*"
        onChange={({ target }) => setSlug(target.value)}
      />
      <LabelledField
        label={t('agents.servers.url')}
        type="url"
        value={url}
        required
        onChange={({ target }) => setUrl(target.value)}
      />
      <LabelledSelect
        label={t('agents.servers.auth')}
        value={auth}
        options={AUTHS.map((value) => ({ value, label: t(`agents.servers.auths.${value}`) }))}
        onChange={setAuth}
      />
      {auth === 'key' && (
        <LabelledField
          label={t('agents.servers.key')}
          type="password"
          autoComplete="off"
          value={key}
          required
          onChange={({ target }) => setKey(target.value)}
        />
      )}
      <FieldError error={add.error ? sentenceOf(failureOf(add.error), language) : undefined} />
      <Button type="submit" look="primary" disabled={add.isPending}>
        {t('agents.servers.doAdd')}
      </Button>
    </form>
  )
}
