/** A value that never shows itself: not in logs, JSON, error texts or `console.log`. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** The value itself, for the one place that needs it. */
  reveal(): string {
    return this.#value
  }
  toString = (): string => '[secret]'
  toJSON = this.toString;
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}
