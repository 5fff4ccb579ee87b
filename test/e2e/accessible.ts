import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const COUNTED = ['moderate', 'serious', 'critical']

/** Expects that axe finds nothing of weight in the page as it stands, neither in light nor in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    // Colours that are on their way from one theme to the other are no theme's colours.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const found = violations
      .filter(({ impact }) => impact && COUNTED.includes(impact))
      .map(({ id, help, nodes }) => ({ id, help, at: nodes.map(({ target, html }) => [target, html]) }))
    expect(found, `axe, ${colorScheme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
}
