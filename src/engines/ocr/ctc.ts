/** What a recogniser of lines says: for each step along the line, how likely each class is. Class 0 is nothing, the last is a space. */
export interface Steps {
  readonly shares: Float32Array
  readonly steps: number
  readonly classes: number
}

export interface CtcWord {
  readonly text: string
  /** 0…1: the mean of its letters. */
  readonly confidence: number
  /** Where along the line it begins and ends, in steps. */
  readonly from: number
  readonly to: number
}

/** The words of a line (connectionist temporal classification): the likeliest class of each step, repeats and nothings left out, parted at spaces. */
export function ctcWords({ classes, shares, steps }: Steps, characters: readonly string[]): CtcWord[] {
  const letters: { readonly text: string; readonly confidence: number; readonly at: number }[] = []
  let before = 0
  for (let step = 0; step < steps; step++) {
    let best = 0
    let share = -1
    for (let one = 0; one < classes; one++) {
      const own = shares[step * classes + one] ?? 0
      if (own > share) [best, share] = [one, own]
    }
    if (best !== 0 && best !== before)
      letters.push({
        text: best === classes - 1 ? ' ' : (characters[best - 1] ?? ''),
        confidence: share,
        at: step,
      })
    before = best
  }
  const words: CtcWord[] = []
  let open: typeof letters = []
  let from = 0
  const close = (to: number): void => {
    const text = open.map((letter) => letter.text).join('')
    const confidence = open.reduce((sum, letter) => sum + letter.confidence, 0) / Math.max(1, open.length)
    if (text !== '') words.push({ text, confidence, from, to })
    open = []
  }
  for (const letter of letters) {
    // Full-width spaces are letters to the model.
    if (letter.text.trim() !== '') {
      open.push(letter)
      continue
    }
    close(letter.at)
    from = letter.at + 1
  }
  close(steps)
  return words
}
