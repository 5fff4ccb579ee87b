import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PromptKind, PromptVersion } from '../../../../src/services/agents/registry.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, Segmented } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { TryOut } from './try-out.tsx'

const KINDS: readonly PromptKind[] = ['core', 'safety', 'governance', 'tools']

/** What an agent is told: each prompt with its versions, their differences, and a place beside to try it out. */
export function PromptEditor({ agent }: { agent: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const [kind, setKind] = useState<PromptKind>('core')
  const prompts = useQuery({
    queryKey: ['agent', agent, 'prompts'],
    queryFn: async () => (await api.agents.prompts({ agent })).items,
  })
  if (!prompts.data) return null
  const versions = prompts.data
    .filter((version) => version.kind === kind)
    .toSorted((a, b) => b.version - a.version)
  return (
    <>
      <Segmented
        label={t('agents.views.prompts')}
        value={kind}
        options={KINDS.map((value) => ({ value, label: t(`agents.kind.${value}`) }))}
        onChange={setKind}
      />
      <Prompt key={`${kind} ${versions[0]?.version ?? 0}`} agent={agent} kind={kind} versions={versions} />
    </>
  )
}

interface PromptProps {
  agent: string
  kind: PromptKind
  versions: readonly PromptVersion[]
}

function Prompt({ agent, kind, versions }: PromptProps) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const id = useId()
  const inForce = versions[0]
  const [text, setText] = useState(inForce?.text ?? '')
  const renew = async () => {
    say({ text: t('agents.saved') })
    await queries.invalidateQueries({ queryKey: ['agent', agent, 'prompts'] })
  }
  const save = useMutation({
    mutationFn: () => api.agents.setPrompt({ agent, kind, text, base: inForce?.version ?? 0 }),
    onSuccess: renew,
  })
  const back = useMutation({
    mutationFn: (version: number) => api.agents.rollbackPrompt({ agent, kind, version }),
    onSuccess: renew,
  })
  const failure = save.error ?? back.error
  return (
    <>
      <div className="agent-two">
        <div className="grid gap-3">
          <label htmlFor={id}>{t('agents.promptText', { kind: t(`agents.kind.${kind}`) })}</label>
          <textarea
            id={id}
            className="field agent-area"
            value={text}
            maxLength={40_000}
            onChange={(event) => setText(event.target.value)}
          />
          <FieldError error={failure ? sentenceOf(failureOf(failure), language) : undefined} />
          <Button
            look="primary"
            disabled={save.isPending || text === inForce?.text}
            onClick={() => save.mutate()}
          >
            {t('agents.saveVersion')}
          </Button>
        </div>
        <TryOut agent={agent} prompts={{ [kind]: text }} />
      </div>
      <Versions agent={agent} kind={kind} versions={versions} onBack={(version) => back.mutate(version)} />
    </>
  )
}

function Versions({ agent, kind, versions, onBack }: PromptProps & { onBack: (version: number) => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [shown, setShown] = useState<number | null>(null)
  const newest = versions[0]?.version ?? 0
  return (
    <section aria-label={t('agents.versions')}>
      <h2>{t('agents.versions')}</h2>
      <ul className="rows">
        {versions.map(({ version, author, at, restores }) => (
          <li key={version} className="row wrap">
            <span className="grow">
              {t('agents.version', { version })}{' '}
              <span className="meta">
                {[
                  version === newest ? t('agents.inForce') : '',
                  author === null ? t('agents.byCity') : format.moment(at),
                  restores === null ? '' : t('agents.restores', { version: restores }),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </span>
            {version !== newest && (
              <>
                <Button small look="quiet" onClick={() => setShown(shown === version ? null : version)}>
                  {t('agents.diff')}
                </Button>
                <Button small look="quiet" onClick={() => onBack(version)}>
                  {t('agents.rollback')}
                </Button>
              </>
            )}
          </li>
        ))}
      </ul>
      {shown !== null && <Diff agent={agent} kind={kind} from={shown} to={newest} />}
    </section>
  )
}

function Diff({ agent, kind, from, to }: { agent: string; kind: PromptKind; from: number; to: number }) {
  const { t } = useTranslation()
  const api = useApi()
  const diff = useQuery({
    queryKey: ['agent', agent, 'diff', kind, from, to],
    queryFn: async () => (await api.agents.diffPrompt({ agent, kind, from, to })).lines,
  })
  const As = { same: 'span', added: 'ins', removed: 'del' } as const
  return (
    <section className="diff sheet" aria-label={t('agents.diffOf', { from })}>
      {diff.data?.map(({ op, text }, i) => {
        const Line = As[op]
        return <Line key={i}>{text === '' ? ' ' : text}</Line>
      })}
    </section>
  )
}
