import { z } from 'zod'
import { agentsError } from '../agents.errors.ts'
import { tool } from './tool.ts'

const MAX_CHARS = 500
const MAX_DEPTH = 50

/** The value of an expression of numbers: + - * / % ^, brackets, a few functions and constants. Nothing is evaluated as a program. Rejects with `agents.expression`. */
export function calculate(expression: string): number {
  if (expression.length > MAX_CHARS) throw wrong(`more than ${MAX_CHARS} characters`)
  const tokens = tokensOf(expression)
  let at = 0
  const peek = () => tokens[at]?.text ?? ''
  const take = () => tokens[at++]?.text ?? ''
  const expect = (text: string) => {
    if (take() !== text) throw wrong(`${text} is missing`)
  }

  function sum(depth: number): number {
    if (depth > MAX_DEPTH) throw wrong('too deep')
    let value = product(depth)
    while (peek() === '+' || peek() === '-')
      value = take() === '+' ? value + product(depth) : value - product(depth)
    return value
  }
  function product(depth: number): number {
    let value = sign(depth)
    while (['*', '/', '%'].includes(peek())) {
      const op = take()
      const right = sign(depth)
      if (op !== '*' && right === 0) throw wrong('division by zero')
      value = op === '*' ? value * right : op === '/' ? value / right : value % right
    }
    return value
  }
  function sign(depth: number): number {
    if (depth > MAX_DEPTH) throw wrong('too deep')
    if (peek() === '-') {
      take()
      return -sign(depth + 1)
    }
    if (peek() === '+') {
      take()
      return sign(depth + 1)
    }
    const base = single(depth)
    if (peek() !== '^') return base
    take()
    // To the right first: 2^3^2 is 2^9.
    return base ** sign(depth + 1)
  }
  function single(depth: number): number {
    const token = tokens[at++]
    if (!token) throw wrong('it ends too early')
    if (token.value !== undefined) return token.value
    if (token.text === '(') {
      const value = sum(depth + 1)
      expect(')')
      return value
    }
    const constant = CONSTANTS.get(token.text)
    if (constant !== undefined) return constant
    const named = FUNCTIONS.get(token.text)
    if (!named) throw wrong(token.text)
    expect('(')
    const given = [sum(depth + 1)]
    while (peek() === ',' || peek() === ';') {
      take()
      given.push(sum(depth + 1))
    }
    expect(')')
    return named(given)
  }

  const value = sum(0)
  if (at < tokens.length) throw wrong(peek())
  if (!Number.isFinite(value)) throw wrong('the result is no number')
  return value
}

const wrong = (detail: string) => agentsError('agents.expression', { detail })

const one = (apply: (x: number) => number) => (given: readonly number[]) => {
  const [x] = given
  if (x === undefined || given.length > 1) throw wrong('one number is wanted')
  return apply(x)
}
const FUNCTIONS = new Map<string, (given: readonly number[]) => number>([
  ['sqrt', one(Math.sqrt)],
  ['abs', one(Math.abs)],
  ['ln', one(Math.log)],
  ['log', one(Math.log10)],
  ['exp', one(Math.exp)],
  ['sin', one(Math.sin)],
  ['cos', one(Math.cos)],
  ['tan', one(Math.tan)],
  ['floor', one(Math.floor)],
  ['ceil', one(Math.ceil)],
  [
    'round',
    ([x = Number.NaN, digits = 0]) => {
      const scale = 10 ** Math.min(12, Math.max(0, Math.trunc(digits)))
      return Math.round(x * scale) / scale
    },
  ],
  ['min', (given) => Math.min(...given)],
  ['max', (given) => Math.max(...given)],
  ['sum', (given) => given.reduce((total, x) => total + x, 0)],
  ['avg', (given) => given.reduce((total, x) => total + x, 0) / given.length],
])
const CONSTANTS = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
])

function tokensOf(expression: string): { text: string; value?: number }[] {
  const text = expression.toLowerCase().replaceAll('×', '*').replaceAll('÷', '/').replaceAll('−', '-')
  const tokens: { text: string; value?: number }[] = []
  const pattern =
    /\s*(?:(\d[\d_]*(?:\.\d+)?(?:e[+-]?\d{1,3})?|\.\d+)(%(?=\s*(?:$|[-+*/^),;])))?|([a-z]+)|([-+*/%^(),;]))/y
  while (pattern.lastIndex < text.trimEnd().length) {
    const from = pattern.lastIndex
    const match = pattern.exec(text)
    if (!match) throw wrong(text.slice(from, from + 20).trim())
    const [, number, percent, word, sign] = match
    if (number !== undefined)
      tokens.push({ text: number, value: Number(number.replaceAll('_', '')) / (percent ? 100 : 1) })
    else tokens.push({ text: word ?? sign ?? '' })
  }
  return tokens
}

export const calculator = tool({
  name: 'calculate',
  about: { en: 'Calculates', uk: 'Рахує' },
  description:
    'Calculate an expression of numbers exactly: + - * / % ^, brackets, sqrt, round(x, digits), min, max, sum, avg, …',
  risk: 'read',
  input: z.object({ expression: z.string().min(1).max(MAX_CHARS) }),
  timeoutMs: 1_000,
  foreign: false,
  repeatable: true,
  available: () => true,
  run: async ({ expression }) => ({ text: `${expression} = ${calculate(expression)}` }),
})
