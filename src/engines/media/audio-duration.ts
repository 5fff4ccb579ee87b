import { variable } from '../audio/container.ts'

/** `null`: the container does not say and it must be decoded. `0`: it holds no sound, or no sound track. */
export type HeaderDurationMs = number | null

/** How long a recording lasts by what its container says, without decoding. `extension` as `file-type` names it. */
export function headerDuration(bytes: Uint8Array, extension: string): HeaderDurationMs {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const found = READERS[extension]?.(view) ?? null
    return found === null || Number.isFinite(found) ? found : null
  } catch (cause) {
    if (cause instanceof RangeError) return null
    throw cause
  }
}

/** How long a film without sound lasts by what its container says of its picture; `null` where it says nothing, or holds no frame. */
export function pictureDuration(bytes: Uint8Array, extension: string): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const told =
      extension === 'mp4' || extension === 'm4v'
        ? mp4Duration(view, 'vide')
        : extension === 'webm'
          ? webmDuration(view, PICTURE_TRACK)
          : null
    return told !== null && Number.isFinite(told) && told > 0 ? told : null
  } catch (cause) {
    if (cause instanceof RangeError) return null
    throw cause
  }
}

const READERS: Readonly<Record<string, ((view: DataView) => HeaderDurationMs) | undefined>> = {
  wav: wavDuration,
  flac: flacDuration,
  opus: oggDuration,
  ogg: oggDuration,
  oga: oggDuration,
  m4a: (view) => mp4Duration(view, 'soun'),
  mp4: (view) => mp4Duration(view, 'soun'),
  webm: (view) => webmDuration(view, AUDIO_TRACK),
  mp3: mp3Duration,
}

/** RIFF/WAVE; a stream that could not go back leaves a size of 0 or near 4 GB. */
function wavDuration(view: DataView): HeaderDurationMs {
  let byteRate = 0
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true)
    const rest = view.byteLength - at - 8
    if (tag(view, at) === 'fmt ') byteRate = view.getUint32(at + 16, true)
    if (tag(view, at) === 'data')
      return byteRate > 0 ? (Math.min(size || rest, rest) / byteRate) * 1000 : null
    at += 8 + size + (size & 1)
  }
  return 0
}

/** RFC 9639: STREAMINFO comes first; 20 bits of rate, 3 + 5 of format, 36 of samples. */
function flacDuration(view: DataView): HeaderDurationMs {
  if (tag(view, 0) !== 'fLaC' || (view.getUint32(4) & 0x7fffffff) !== 34) return null
  const rate = view.getUint32(18) >>> 12
  const samples = (view.getUint8(21) & 15) * 2 ** 32 + view.getUint32(22)
  return rate > 0 && samples > 0 ? (samples / rate) * 1000 : null
}

const TAIL_BYTES = 1 << 17

/** RFC 3533, 7845: the position on the last page, in samples. */
function oggDuration(view: DataView): HeaderDurationMs {
  const head = 27 + view.getUint8(26)
  const isOpus = tag(view, head) === 'Opus'
  const isVorbis = tag(view, head + 1) === 'vorb'
  if (!isOpus && !isVorbis) return null
  const rate = isOpus ? 48_000 : view.getUint32(head + 12, true)
  const skipped = isOpus ? view.getUint16(head + 10, true) : 0
  const stream = view.getUint32(14, true)
  for (let at = view.byteLength - 27; at >= Math.max(0, view.byteLength - TAIL_BYTES); at--) {
    if (view.getUint32(at) !== 0x4f676753 || view.getUint32(at + 14, true) !== stream) continue
    const position = view.getBigInt64(at + 6, true)
    if (position >= 0n) return Math.max(0, ((Number(position) - skipped) / rate) * 1000)
  }
  return null
}

/** ISO/IEC 14496-12: `moov/trak/mdia` with a `hdlr` of that kind and its `mdhd`. A recording in fragments says 0 there. */
function mp4Duration(view: DataView, kind: 'soun' | 'vide'): HeaderDurationMs {
  const moov = boxes(view, 0, view.byteLength).find(({ type }) => type === 'moov')
  if (!moov) return null
  const inMoov = boxes(view, moov.start, moov.end)
  const tracks = inMoov
    .filter(({ type }) => type === 'trak')
    .flatMap(({ end, start }) => boxes(view, start, end).filter(({ type }) => type === 'mdia'))
    .map(({ end, start }) => boxes(view, start, end))
  const track = tracks.find((mdia) =>
    mdia.some(({ start, type }) => type === 'hdlr' && tag(view, start + 8) === kind),
  )
  if (!track) return 0
  const header = track.find(({ type }) => type === 'mdhd')
  if (!header || inMoov.some(({ type }) => type === 'mvex')) return null
  const isLong = view.getUint8(header.start) === 1
  const scale = view.getUint32(header.start + (isLong ? 20 : 12))
  const length = isLong ? Number(view.getBigUint64(header.start + 24)) : view.getUint32(header.start + 16)
  return scale > 0 ? (length / scale) * 1000 : null
}

interface Box {
  readonly type: string
  readonly start: number
  readonly end: number
}

const MAX_BOXES = 10_000

function boxes(view: DataView, from: number, to: number): readonly Box[] {
  const found: Box[] = []
  for (let at = from; at + 8 <= to && found.length < MAX_BOXES; ) {
    const short = view.getUint32(at)
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? to - at : short
    if (size < 8) break
    found.push({ type: tag(view, at + 4), start: at + (short === 1 ? 16 : 8), end: Math.min(to, at + size) })
    at += size
  }
  return found
}

const EBML = {
  segment: 0x18538067,
  info: 0x1549a966,
  tracks: 0x1654ae6b,
  track: 0xae,
  cluster: 0x1f43b675,
  scale: 0x2ad7b1,
  duration: 0x4489,
  trackType: 0x83,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
} as const
const CONTAINERS: readonly number[] = [EBML.segment, EBML.info, EBML.tracks, EBML.track, EBML.cluster]
const PICTURE_TRACK = 1
const AUDIO_TRACK = 2

/** Matroska (RFC 9559). What a browser records live has no duration: then the time of its last block. */
function webmDuration(view: DataView, kind: number): HeaderDurationMs {
  let scaleNs = 1_000_000
  let told: number | null = null
  let isThere = false
  let cluster = 0
  let last = 0
  for (let at = 0; at < view.byteLength; ) {
    const id = variable(view, at, false)
    const size = id && variable(view, at + id.length, true)
    if (!id || !size) break
    const start = at + id.length + size.length
    if (id.value === EBML.scale) scaleNs = unsigned(view, start, size.value)
    if (id.value === EBML.duration) told = size.value === 4 ? view.getFloat32(start) : view.getFloat64(start)
    if (id.value === EBML.trackType) isThere ||= view.getUint8(start) === kind
    if (id.value === EBML.timestamp) cluster = unsigned(view, start, size.value)
    if (id.value === EBML.simpleBlock) {
      const track = variable(view, start, true)
      if (track) last = Math.max(last, cluster + view.getInt16(start + track.length))
    }
    at = CONTAINERS.includes(id.value) ? start : start + size.value
  }
  if (!isThere) return 0
  return told !== null || last > 0 ? ((told ?? last) * scaleNs) / 1_000_000 : null
}

function unsigned(view: DataView, at: number, length: number): number {
  let value = 0
  for (let n = 0; n < Math.min(length, 8); n++) value = value * 256 + view.getUint8(at + n)
  return value
}

const RATES = [44_100, 48_000, 32_000]
const KBPS_MPEG1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const KBPS_MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

/** MPEG layer III: every frame's header says how long the frame is. */
function mp3Duration(view: DataView): HeaderDurationMs {
  let at = 0
  if (view.getUint32(0) >>> 8 === 0x494433) {
    const size = [6, 7, 8, 9].reduce((sum, n) => sum * 128 + (view.getUint8(n) & 127), 0)
    at = 10 + size
  }
  let seconds = 0
  let lost = 0
  while (at + 4 <= view.byteLength && lost < 100_000) {
    const frame = mp3Frame(view.getUint32(at))
    if (frame) {
      seconds += frame.seconds
      at += frame.bytes
    } else {
      lost++
      at++
    }
  }
  return seconds > 0 ? seconds * 1000 : null
}

function mp3Frame(header: number): { bytes: number; seconds: number } | null {
  const version = (header >>> 19) & 3
  const kbpsIndex = (header >>> 12) & 15
  const rateIndex = (header >>> 10) & 3
  const isFrame = header >>> 21 === 0x7ff && version !== 1 && ((header >>> 17) & 3) === 1 && rateIndex !== 3
  const kbps = (version === 3 ? KBPS_MPEG1 : KBPS_MPEG2)[kbpsIndex]
  if (!isFrame || !kbps) return null
  const rate = (RATES[rateIndex] ?? 0) / (version === 3 ? 1 : version === 2 ? 2 : 4)
  const samples = version === 3 ? 1152 : 576
  return {
    bytes: Math.floor((samples / 8) * ((kbps * 1000) / rate)) + ((header >>> 9) & 1),
    seconds: samples / rate,
  }
}

const tag = (view: DataView, at: number): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
