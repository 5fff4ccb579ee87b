import { useEffect, useRef, useState } from 'react'
import type { AppError } from '../../../../src/kernel/errors.ts'
import { failureOf } from '../../i18n/failures.ts'
import { uploadDocument } from './upload-document.ts'

export interface Sending {
  readonly key: number
  readonly file: File
  readonly share: number
  readonly failure: ReturnType<typeof failureOf> | null
}

/** Files on their way into a collection, one after another; what failed stays until it is sent again or put away. Leaving the page ends what is under way. */
export function useUploads(collection: string, onStored: () => void) {
  const [sending, setSending] = useState<readonly Sending[]>([])
  const queue = useRef<Sending[]>([])
  const busy = useRef(false)
  const counter = useRef(0)
  const leaving = useRef<AbortController>(undefined)
  useEffect(() => {
    const controller = new AbortController()
    leaving.current = controller
    return () => {
      queue.current = []
      controller.abort()
    }
  }, [])
  const change = (key: number, what: Partial<Sending>) =>
    setSending((all) => all.map((one) => (one.key === key ? { ...one, ...what } : one)))
  const drop = (key: number) => setSending((all) => all.filter((one) => one.key !== key))
  const work = async () => {
    if (busy.current) return
    busy.current = true
    for (let next = queue.current.shift(); next; next = queue.current.shift()) {
      const { file, key } = next
      const signal = leaving.current?.signal ?? new AbortController().signal
      try {
        await uploadDocument(collection, file, (share) => change(key, { share }), signal)
        drop(key)
        onStored()
      } catch (cause) {
        change(key, { failure: failureOf(cause as AppError) })
      }
    }
    busy.current = false
  }
  const enqueue = (files: readonly Sending[]) => {
    queue.current.push(...files)
    void work()
  }
  return {
    sending,
    drop,
    send(files: readonly File[]) {
      const added = files.map((file) => ({ key: ++counter.current, file, share: 0, failure: null }))
      setSending((all) => [...all, ...added])
      enqueue(added)
    },
    again(one: Sending) {
      change(one.key, { failure: null, share: 0 })
      enqueue([{ ...one, failure: null, share: 0 }])
    },
  }
}
