import type { z } from 'zod'
import { type ErrorKind, kernelError } from './errors.ts'
import { isOperator, type Principal, reaches } from './principal.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Who may call at all: anybody, whoever is signed in, the city's owner and admins, or another service only. */
export type Access = 'public' | 'principal' | 'operator' | 'service'

/** What an operation needs: its service, the thing in the singular, and what is done to it. */
export type Right = `${string}.${string}.${string}`

/** One operation as plain data. Its HTTP route, OpenAPI entry, typed client and in-process call all derive from it. */
export interface Operation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType> {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly access: Access
  readonly right: Right
  readonly status: number
  readonly input: I
  readonly output: O
  /** Kinds of failure beyond what access, input and path imply. */
  readonly errors: readonly ErrorKind[]
}
export type Contract = Readonly<Record<string, Operation>>

/** One call as its handler sees it. A handler passes it on to the clients it calls. */
export interface Call {
  /** On whose behalf; null for nobody. */
  readonly principal: Principal | null
  /** The service that calls, when it is one. */
  readonly service: string | null
  readonly requestId: string
  /** Aborts at the deadline, or when the caller is gone. */
  readonly signal: AbortSignal
}

export interface CallOptions extends Partial<Omit<Call, 'service'>> {
  /** How long the call may take; 30 s where nothing is said. */
  readonly timeoutMs?: number
}

/** What others hold of a service: the same shape in process and over HTTP. */
export type Client<C extends Contract> = {
  readonly [K in keyof C]: (
    input: z.input<C[K]['input']>,
    options?: CallOptions,
  ) => Promise<z.output<C[K]['output']>>
}

/** What a service implements. */
export type Handlers<C extends Contract> = {
  readonly [K in keyof C]: (input: z.output<C[K]['input']>, call: Call) => Promise<z.input<C[K]['output']>>
}

type Optional = Partial<Pick<Operation, 'access' | 'status' | 'errors'>>
type Spec<I extends z.ZodObject, O extends z.ZodType> = Optional &
  Pick<Operation<I, O>, 'summary' | 'right' | 'input' | 'output'>

const verb =
  (method: Method) =>
  <I extends z.ZodObject, O extends z.ZodType>(path: string, spec: Spec<I, O>): Operation<I, O> => ({
    method,
    path,
    access: 'principal',
    status: 200,
    errors: [],
    ...spec,
  })

export const get = verb('GET')
export const post = verb('POST')
export const put = verb('PUT')
export const patch = verb('PATCH')
export const del = verb('DELETE')

export const hasBody = (op: Operation): boolean => op.method !== 'GET' && op.method !== 'DELETE'
export const pathKeys = (op: Operation): string[] =>
  [...op.path.matchAll(/:(\w+)/g)].map(([, key = '']) => key)

type Who = Pick<Call, 'principal' | 'service'>
/** Refuses a caller whom the operation does not admit. A key's scopes count where the key itself knocks; what a service does for it within an operation belongs to that operation. */
export function admit({ access, right }: Pick<Operation, 'access' | 'right'>, { principal, service }: Who) {
  if (access === 'public' || (access === 'service' && service)) return
  if (access === 'service') throw kernelError('http.not_found')
  if (!principal) throw kernelError('auth.required')
  if (!service && !reaches(principal.scopes, right)) throw kernelError('auth.out_of_scope', { right })
  if (access === 'operator' && !isOperator(principal)) throw kernelError('auth.forbidden')
}

/** Runs one operation: access, input, handler, output. Bad input is the caller's fault; bad output is ours, so its ZodError passes on as a bug. */
export async function invoke(
  op: Operation,
  handler: (input: never, call: Call) => Promise<unknown>,
  raw: unknown,
  call: Call,
): Promise<unknown> {
  admit(op, call)
  const input = op.input.safeParse(raw)
  if (!input.success) {
    const detail = input.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
    throw kernelError('input.invalid', { detail }, { cause: input.error })
  }
  // Operation and handler come from the same contract key, which TypeScript cannot follow through a record.
  return op.output.parse(await handler(input.data as never, call))
}
