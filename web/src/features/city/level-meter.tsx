import { useEffect, useRef } from 'react'
import type { Recording } from './recording.ts'

const BAR_PX = 4
const EVERY_MS = 80
const MOST = 400

/** How loud the last seconds were, as bars that move left. A number would say the same; for screen readers the time does. */
export function LevelMeter({ recording, paused }: { recording: Recording | null; paused: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const levels = useRef<number[]>([])
  useEffect(() => {
    if (!recording || paused) return
    const timer = setInterval(() => {
      levels.current = [...levels.current.slice(1 - MOST), recording.level()]
      if (canvas.current) draw(canvas.current, levels.current)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [recording, paused])
  return (
    <span className="level" aria-hidden="true">
      <canvas ref={canvas} />
    </span>
  )
}

function draw(canvas: HTMLCanvasElement, levels: readonly number[]): void {
  const { clientWidth: width, clientHeight: height } = canvas
  const scale = window.devicePixelRatio
  canvas.width = width * scale
  canvas.height = height * scale
  const pen = canvas.getContext('2d')
  if (!pen) return
  pen.scale(scale, scale)
  pen.strokeStyle = getComputedStyle(canvas).color
  pen.lineWidth = 2
  pen.lineCap = 'round'
  const shown = levels.slice(-Math.floor(width / BAR_PX))
  shown.forEach((level, i) => {
    const x = width - (shown.length - i) * BAR_PX + 1
    const tall = Math.max(0.5, level * (height - 4))
    pen.beginPath()
    pen.moveTo(x, (height - tall) / 2)
    pen.lineTo(x, (height + tall) / 2)
    pen.stroke()
  })
}
