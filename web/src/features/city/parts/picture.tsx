import { decode, isBlurhashValid } from 'blurhash'
import { useCallback, useState } from 'react'

interface PictureProps {
  src: string
  blurhash: string | undefined
  onUnseen: () => void
}

const EDGE = 24

/** A picture; its colours, blurred, until it is there. */
export function Picture({ src, blurhash, onUnseen }: PictureProps) {
  const [shown, setShown] = useState(false)
  const paint = useCallback(
    (canvas: HTMLCanvasElement | null) => {
      const context = canvas?.getContext('2d')
      if (!context || !blurhash || !isBlurhashValid(blurhash).result) return
      const pixels = decode(blurhash, EDGE, EDGE)
      context.putImageData(new ImageData(new Uint8ClampedArray(pixels), EDGE, EDGE), 0, 0)
    },
    [blurhash],
  )
  return (
    <>
      {!shown && blurhash && <canvas ref={paint} className="blur" width={EDGE} height={EDGE} />}
      <img src={src} alt="" loading="lazy" onLoad={() => setShown(true)} onError={onUnseen} />
    </>
  )
}
