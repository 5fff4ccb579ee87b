import { expect, test } from 'vitest'
import type { Vision } from './vision.ts'

/** What every driver of vision does. `photo` is a picture that it says something of. */
export function visionConformance(subject: () => { vision: Vision; photo: Uint8Array; mime: string }): void {
  test('is able, and has a name', async () => {
    const { vision } = subject()
    expect(await vision.missing()).toBeNull()
    expect(vision.name).toMatch(/^[a-z][a-z\d-]*$/)
  })

  test('says what is there by confidence and within the picture, and nothing of the camera unasked', async () => {
    const { mime, photo, vision } = subject()
    const seen = await vision.describe({ bytes: photo, mime })
    expect(seen.engine.startsWith(`${vision.name}/`)).toBe(true)
    expect(seen.camera).toBeUndefined()
    expect(seen.text === null || seen.text.length > 0).toBe(true)
    for (const { box, confidence, label } of seen.objects) {
      expect([label.uk, label.en]).not.toContain('')
      expect(confidence).toBeGreaterThanOrEqual(0.5)
      expect(box.x0).toBeLessThan(box.x1)
      expect(box.y0).toBeLessThan(box.y1)
    }
    const shares = seen.colours.map(({ share }) => share)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1.01)
  })

  test('refuses what is empty, and stops when it is told to', async () => {
    const { mime, photo, vision } = subject()
    await expect(vision.describe({ bytes: new Uint8Array(), mime })).rejects.toMatchObject({
      code: 'file.empty',
    })
    const work = vision.describe({ bytes: photo, mime }, { signal: AbortSignal.abort() })
    await expect(work).rejects.toMatchObject({ code: 'call.cancelled' })
  })
}
