import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleAlert, Upload } from 'lucide-react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Import, type ImportReport } from '../../../../src/services/city/transfers.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { ListState } from '../auth/list-state.tsx'
import { refusal } from '../city/uploading.ts'
import { OperatorsOnly } from '../rights/operators-only.tsx'
import type { transfersEn } from './words.en.ts'

const IMPORTS = ['imports']
const LOOK_AGAIN_MS = 2000

/** Other places that become rooms here; for those who run the city. */
export function ImportsPage() {
  const { t } = useTranslation()
  return (
    <OperatorsOnly title={t('account.transfers.imports')}>
      <Imports />
    </OperatorsOnly>
  )
}

function Imports() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const format = useFormat()
  const chooser = useRef<HTMLInputElement>(null)
  const imports = useQuery({
    queryKey: IMPORTS,
    queryFn: async () => (await api.city.imports({})).items,
    refetchInterval: ({ state }) =>
      state.data?.some((one) => one.state === 'waiting' || one.state === 'running') ? LOOK_AGAIN_MS : false,
  })
  const send = useMutation({
    mutationFn: sendArchive,
    onSettled: () => queries.invalidateQueries({ queryKey: IMPORTS }),
  })
  return (
    <section aria-labelledby="imports">
      <h2 id="imports">{t('account.transfers.imports')}</h2>
      <p className="meta">{t('account.transfers.importsHint')}</p>
      <div className="after">
        <input
          ref={chooser}
          type="file"
          hidden
          accept=".zip,.json,.jsonl,application/zip,application/json"
          aria-label={t('account.transfers.choose')}
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0]
            currentTarget.value = ''
            if (file) send.mutate(file)
          }}
        />
        <Button
          look="primary"
          icon={Upload}
          disabled={send.isPending}
          onClick={() => chooser.current?.click()}
        >
          {t('account.transfers.choose')}
        </Button>
        {send.isPending && (
          <p className="meta" role="status">
            {t('account.transfers.sending')}
          </p>
        )}
      </div>
      <FieldError error={send.error ? sentenceOf(failureOf(send.error), format.language) : undefined} />
      <ListState query={imports} empty={t('account.transfers.noImports')} />
      {imports.data && imports.data.length > 0 && (
        <ul className="rows">
          {imports.data.map((one) => (
            <Row key={one.id} one={one} />
          ))}
        </ul>
      )}
    </section>
  )
}

async function sendArchive(file: File): Promise<Import> {
  const body = new FormData()
  body.set('file', file, file.name)
  const response = await fetch('/api/city/imports', { method: 'POST', body, credentials: 'same-origin' })
  const said: unknown = await response.json().catch(() => undefined)
  if (!response.ok)
    throw refusal({ status: response.status, body: said, retryAfter: response.headers.get('retry-after') })
  return Import.parse(said)
}

function Row({ one }: { one: Import }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { state, error, report, source } = one
  return (
    <li>
      <div className="set">
        <b className="trim">{one.name}</b>
        <span className="meta">
          {[source && t(`account.transfers.source.${source}`), format.moment(one.createdAt)]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <span className="meta" role="status">
          {state === 'failed' ? (
            <span className="fail">
              <Icon of={CircleAlert} size="s" />
              <span>{error && sentenceOf(error, format.language)}</span>
            </span>
          ) : (
            t(`account.transfers.importState.${state}`, {
              done: format.count(one.done),
              total: format.count(one.total),
            })
          )}
        </span>
      </div>
      {report && <Report report={report} />}
    </li>
  )
}

type Kind = keyof typeof transfersEn.kind

function Report({ report: { added, known, files, rooms, left } }: { report: ImportReport }) {
  const { t, i18n } = useTranslation()
  const nameOf = (kind: string): string =>
    // A kind that has no words yet is told by its own name.
    i18n.exists(`account.transfers.kind.${kind}`) ? t(`account.transfers.kind.${kind as Kind}`) : kind
  return (
    <div className="after">
      <p className="meta">
        {[
          t('account.transfers.added', { count: added }),
          t('account.transfers.known', { count: known }),
          t('account.transfers.files', { count: files }),
        ].join(' · ')}
      </p>
      <ul>
        {rooms.map(({ room, slug, name }) => (
          <li key={room}>
            <Link to="/rooms/$room" params={{ room: slug }}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
      {left.length > 0 && (
        <details>
          <summary>{t('account.transfers.left')}</summary>
          <ul>
            {left.map(({ kind, count, examples }) => (
              <li key={kind}>
                {t('account.transfers.leftCount', { kind: nameOf(kind), count })}
                {examples.length > 0 && <span className="meta"> {examples.join(' · ')}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}
