import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Job } from '../../../../src/services/multimodal-gateway/jobs.contract.ts'
import { useApi } from '../../context.tsx'
import { sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { ListState } from '../auth/list-state.tsx'
import { JOBS } from './jobs-key.ts'

/** The live socket tells how they go; this is for where a word of it was lost. */
const LOOK_AGAIN_MS = 5_000

/** One's own long work, newest first. */
export function JobList() {
  const { t } = useTranslation()
  const api = useApi()
  const jobs = useQuery({
    queryKey: JOBS,
    queryFn: async () => (await api.gateway.jobs({})).items,
    refetchInterval: ({ state }) => (state.data?.some(isOpen) ? LOOK_AGAIN_MS : false),
  })
  return (
    <section aria-labelledby="jobs">
      <h2 id="jobs">{t('multimodal.jobs')}</h2>
      <ListState query={jobs} empty={t('multimodal.noJobs')} />
      {jobs.data && jobs.data.length > 0 && (
        <ul className="rows">
          {jobs.data.map((job) => (
            <Row key={job.id} job={job} />
          ))}
        </ul>
      )}
    </section>
  )
}

const isOpen = ({ state }: Job): boolean => state === 'queued' || state === 'running'

function Row({ job }: { job: Job }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const format = useFormat()
  const end = useMutation({
    mutationFn: () => api.gateway.cancelJob({ job: job.id }),
    onSettled: () => queries.invalidateQueries({ queryKey: JOBS }),
  })
  const { about, createdAt, error, expiresAt, progress, result, state, type } = job
  const told = t(`multimodal.state.${state}`, {
    share: format.percent(progress),
    when: expiresAt ? format.moment(expiresAt) : '',
  })
  return (
    <li className="set">
      <b className="trim">{about || t(`multimodal.doors.${type}`)}</b>
      <span className="meta" role="status">
        {[t(`multimodal.doors.${type}`), format.moment(createdAt), told].join(' · ')}
        {error && (
          <span className="fail">
            <Icon of={CircleAlert} size="s" />
            <span>{sentenceOf(error, format.language)}</span>
          </span>
        )}
        {state === 'running' && <progress value={progress} max={1} aria-label={told} />}
      </span>
      <span className="row">
        {result !== undefined && (
          <a className="btn btn-s" href={result} target="_blank" rel="noreferrer">
            {t('multimodal.open')}
          </a>
        )}
        <Button small look="quiet" disabled={end.isPending} onClick={() => end.mutate()}>
          {isOpen(job) ? t('multimodal.cancel') : t('multimodal.forget')}
        </Button>
      </span>
    </li>
  )
}
