/** Why no recording can be made. */
export type MicrophoneFault = 'denied' | 'missing' | 'unsupported' | 'insecure'

export interface Recording {
  pause(): void
  resume(): void
  /** How loud it is now, 0…1. */
  level(): number
  /** Milliseconds recorded, pauses left out. */
  elapsedMs(): number
  /** Ends it and lets go of the microphone. Resolves to what was recorded. */
  stop(): Promise<{ blob: Blob; durationMs: number }>
}

const KINDS = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4']
const SLICE_MS = 1_000
const LOUD = 4

/** Opens the microphone and records. Throws a MicrophoneFault as the error's message. */
export async function startRecording(): Promise<Recording> {
  if (!window.isSecureContext) throw new Error('insecure')
  if (!('MediaRecorder' in window) || !navigator.mediaDevices) throw new Error('unsupported')
  const stream = await open()
  const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one))
  const recorder = new MediaRecorder(stream, kind ? { mimeType: kind } : {})
  const chunks: Blob[] = []
  recorder.ondataavailable = ({ data }) => chunks.push(data)
  const meter = createMeter(stream)
  let doneMs = 0
  let since: number | null = performance.now()
  const elapsedMs = () => doneMs + (since === null ? 0 : performance.now() - since)
  const hold = () => {
    doneMs = elapsedMs()
    since = null
  }
  const close = () => {
    meter.close()
    for (const track of stream.getTracks()) track.stop()
  }
  recorder.start(SLICE_MS)
  return {
    pause() {
      if (recorder.state !== 'recording') return
      recorder.pause()
      hold()
    },
    resume() {
      if (recorder.state !== 'paused') return
      recorder.resume()
      since = performance.now()
    },
    level: meter.level,
    elapsedMs,
    stop: () =>
      new Promise((resolve) => {
        hold()
        const end = () => {
          close()
          resolve({ blob: new Blob(chunks, { type: recorder.mimeType }), durationMs: doneMs })
        }
        if (recorder.state === 'inactive') return end()
        recorder.onstop = end
        recorder.stop()
      }),
  }
}

async function open(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    })
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : ''
    const fault: MicrophoneFault = name === 'NotFoundError' ? 'missing' : 'denied'
    throw new Error(fault, { cause })
  }
}

function createMeter(stream: MediaStream): { level: () => number; close: () => void } {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    level() {
      analyser.getFloatTimeDomainData(samples)
      let sum = 0
      for (const sample of samples) sum += sample * sample
      return Math.min(1, Math.sqrt(sum / samples.length) * LOUD)
    },
    close: () => void context.close(),
  }
}

/** What a fault of the microphone is, from what was thrown. */
export function microphoneFault(cause: unknown): MicrophoneFault {
  const message = cause instanceof Error ? cause.message : ''
  return message === 'missing' || message === 'unsupported' || message === 'insecure' ? message : 'denied'
}
