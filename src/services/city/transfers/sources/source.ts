import type { ImportSource } from '../../messages.contract.ts'
import type { ReadArchive } from '../read-archive.ts'

/** A message as another place tells it. */
export interface Told {
  /** The place it was said in. */
  readonly place: string
  /** Its own id in that place. */
  readonly id: string
  readonly author: { readonly id: string; readonly name: string }
  /** Milliseconds since 1970. */
  readonly at: number
  /** Markdown. */
  readonly text: string
  readonly replyTo?: string | undefined
  readonly thread?: string | undefined
  readonly reactions: readonly { readonly emoji: string; readonly by: readonly Person[] }[]
  /** `path` is an entry of the archive. */
  readonly files: readonly { readonly name: string; readonly path: string }[]
}
export type Person = Told['author']

export interface Place {
  readonly id: string
  readonly name: string
  readonly topic: string
}

/** An export of another place, read as it is asked for; always the same, in the same order. */
export interface Source {
  readonly source: ImportSource
  readonly places: readonly Place[]
  readonly total: number
  messages(): AsyncGenerator<Told>
}

/** Hears of what is not understood: its kind, and a piece of it. */
export type Left = (kind: string, example: string) => void

/** Reads an archive as an export of one place; undefined where it is none of that. */
export type ReadSource = (archive: ReadArchive, left: Left) => Promise<Source | undefined>

/** What a foreign value is, when it is an object; nothing of a foreign file is believed without asking. */
export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? // An object that is no array is a record of what nobody knows.
      (value as Record<string, unknown>)
    : {}
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''

/** A piece of something as an example in a report: short, on one line. */
export const sample = (value: unknown): string => {
  const line = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replace(/\s+/g, ' ')
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}

/** The emoji by the names that Slack and Mattermost give them; the common ones. */
export const emojiOf = (name: string): string | undefined => EMOJI.get(name.replace(/::skin-tone-\d$/, ''))

const EMOJI: ReadonlyMap<string, string> = new Map(
  [
    ...`+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 heart ❤️ tada 🎉 joy 😂 smile 😄 slightly_smiling_face 🙂 grinning 😀 laughing 😆 rofl 🤣
wink 😉 blush 😊 heart_eyes 😍 thinking_face 🤔 thinking 🤔 cry 😢 sob 😭 angry 😠 rage 😡 scream 😱 open_mouth 😮 astonished 😲 eyes 👀 pray 🙏
clap 👏 raised_hands 🙌 muscle 💪 ok_hand 👌 wave 👋 handshake 🤝 fire 🔥 rocket 🚀 100 💯 star ⭐ sparkles ✨ white_check_mark ✅
heavy_check_mark ✔️ x ❌ warning ⚠️ question ❓ exclamation ❗ bulb 💡 memo 📝 bug 🐛 coffee ☕ beer 🍺 cake 🍰 birthday 🎂 sunglasses 😎
disappointed 😞 upside_down_face 🙃 hugging_face 🤗 partying_face 🥳 see_no_evil 🙈 flag-ua 🇺🇦 ukraine 🇺🇦 blue_heart 💙 yellow_heart 💛
green_heart 💚 purple_heart 💜 broken_heart 💔 point_up ☝️ point_right 👉 v ✌️ crossed_fingers 🤞 ok 🆗 zap ⚡ trophy 🏆 dart 🎯 seedling 🌱`.matchAll(
      /(\S+) (\S+)/g,
    ),
  ].map(([, name = '', emoji = '']) => [name, emoji]),
)
