import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'
import { changesOf } from './changes.ts'

const FILE = ['llm', 'file']

/** The file of providers and models, for the owner: what would change is shown before it is saved, and a wrong edit is refused with its line. */
export function LlmFile() {
  const { t } = useTranslation()
  const api = useApi()
  const file = useQuery({
    queryKey: FILE,
    queryFn: () => api.llm.file({}),
    // What somebody types is not to be taken from under them.
    refetchOnWindowFocus: false,
  })
  return (
    <section aria-labelledby="llm-file">
      <h2 id="llm-file">{t('operator.llm.file')}</h2>
      <p className="meta">{t('operator.llm.fileHint')}</p>
      <ListState query={{ ...file, data: file.data && [file.data] }} empty="" />
      {file.data && <Editor key={file.data.digest} {...file.data} />}
    </section>
  )
}

function Editor({ path, text, digest }: { path: string; text: string; digest: string }) {
  const { t } = useTranslation()
  const id = useId()
  const api = useApi()
  const say = useToast()
  const language = useLanguage()
  const queries = useQueryClient()
  const [edited, setEdited] = useState(text)
  const [looked, setLooked] = useState<string | null>(null)
  const put = useMutation({
    mutationFn: (check: boolean) => api.llm.setFile({ text: edited, digest, check }),
    async onSuccess({ saved, problem }) {
      setLooked(problem ? null : edited)
      if (!saved) return
      say({ text: t('operator.llm.saved') })
      await queries.invalidateQueries({ queryKey: ['llm'] })
    },
  })
  const problem = put.data?.problem
  const told = problem && [
    problem.line === null ? '' : t('operator.routers.line', { line: problem.line }),
    problem.message,
  ]
  const failed = put.error ? sentenceOf(failureOf(put.error), language) : undefined
  const ready = looked === edited && edited !== text
  return (
    <div className="lf llm-file">
      <label htmlFor={id} className="mono">
        {path}
      </label>
      <textarea
        id={id}
        className="field mono"
        rows={16}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        wrap="off"
        value={edited}
        aria-describedby={`${id}-error`}
        aria-invalid={Boolean(problem)}
        onChange={({ currentTarget }) => {
          setEdited(currentTarget.value)
          put.reset()
        }}
      />
      <FieldError id={`${id}-error`} error={told ? told.filter(Boolean).join(' ') : failed} />
      {problem && <p className="meta">{t('operator.llm.kept')}</p>}
      {ready && <Changes before={text} after={edited} />}
      <div className="row wrap">
        {ready ? (
          <Button look="primary" disabled={put.isPending} onClick={() => put.mutate(false)}>
            {t('common.save')}
          </Button>
        ) : (
          <Button disabled={put.isPending || edited === text} onClick={() => put.mutate(true)}>
            {t('operator.llm.check')}
          </Button>
        )}
        <Button
          disabled={edited === text || put.isPending}
          onClick={() => {
            setEdited(text)
            put.reset()
          }}
        >
          {t('operator.llm.back')}
        </Button>
      </div>
    </div>
  )
}

function Changes({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation()
  return (
    <section className="llm-changes" aria-label={t('operator.llm.changes')}>
      <p className="meta">{t('operator.llm.changes')}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <pre className="mono" tabIndex={0}>
        {changesOf(before, after).map(({ line, kind, text }) => (
          <span key={`${kind} ${line}`} className={`llm-${kind}`}>
            {kind === 'gone' ? '− ' : '+ '}
            {text}
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  )
}
