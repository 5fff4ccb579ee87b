import type { Author } from '../../../src/services/city/messages.contract.ts'

const HUES = 6

/** Which of six quiet colours a person has: the same in every room and browser. */
function hueOf(id: string): number {
  let sum = 0
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973
  return (sum % HUES) + 1
}

/** The first letters of the first and last word of a name. */
function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return ends.map((word) => [...(word ?? '')][0]?.toUpperCase() ?? '').join('')
}

interface AvatarProps {
  of: Pick<Author, 'id' | 'kind' | 'name'>
  small?: boolean
  /** A lit window: here, or (breathing) at work. */
  lit?: 'on' | 'breathe'
}

/** A person is round, an agent is a window. The name stands beside it, so the letters are hidden from screen readers. */
export function Avatar({ of, small, lit }: AvatarProps) {
  const agent = of.kind !== 'person'
  const classes = ['av', small ? 'av-s' : '', agent ? 'av-a' : `av-${hueOf(of.id)}`]
  return (
    <span className={classes.filter(Boolean).join(' ')} aria-hidden="true">
      {agent ? <b>{initialsOf(of.name).slice(0, 1)}</b> : initialsOf(of.name)}
      {lit && <i className={lit === 'breathe' ? 'lit breathe' : 'lit'} />}
    </span>
  )
}

/** Who is in a place, at a glance. */
export function FacePile({ of }: { of: readonly AvatarProps['of'][] }) {
  return (
    <div className="faces not-phone" aria-hidden="true">
      {of.slice(0, 4).map((who) => (
        <Avatar key={who.id} of={who} small />
      ))}
    </div>
  )
}
