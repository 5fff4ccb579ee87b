import type { Locator } from 'playwright-core'
import { expect } from 'vitest'
import type { Visitor } from './browser.ts'

export const messages = ({ page }: Visitor): Locator => page.getByRole('log').getByRole('article')

export const composer = ({ page, words }: Visitor): Locator =>
  page.getByRole('textbox', { name: words.city.message })

export async function say(visitor: Visitor, text: string): Promise<void> {
  await composer(visitor).fill(text)
  await composer(visitor).press('Enter')
}

export interface Given {
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array
}

/** Sends a file: with a mouse it is dropped on the talk, on a phone it is picked. */
export async function sendFile(visitor: Visitor, file: Given): Promise<void> {
  const { page, words, size } = visitor
  if (size === 'desktop') await drop(visitor, file)
  else {
    const chosen = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: words.city.addFile }).click()
    const { name, type, bytes } = file
    await (await chosen).setFiles({ name, mimeType: type, buffer: Buffer.from(bytes) })
  }
  await page.getByRole('button', { name: words.city.send, exact: true }).click()
}

async function drop({ page }: Visitor, { name, type, bytes }: Given): Promise<void> {
  const base64 = Buffer.from(bytes).toString('base64')
  const dataTransfer = await page.evaluateHandle(`(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(base64)}), (c) => c.charCodeAt(0))
    const transfer = new DataTransfer()
    transfer.items.add(new File([bytes], ${JSON.stringify(name)}, { type: ${JSON.stringify(type)} }))
    return transfer
  })()`)
  const talk = page
    .getByRole('log')
    .or(page.getByRole('textbox', { name: /./ }))
    .first()
  await talk.dispatchEvent('dragenter', { dataTransfer })
  await talk.dispatchEvent('drop', { dataTransfer })
}

/** Waits until a picture has come and is drawn. */
export async function drawn(image: Locator): Promise<void> {
  await image.waitFor()
  const width = () => image.evaluate((element: { naturalWidth?: number }) => element.naturalWidth)
  await expect.poll(width).toBeGreaterThan(0)
}
