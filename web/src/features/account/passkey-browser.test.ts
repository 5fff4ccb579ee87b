import { expect, test } from 'vitest'
import { hindranceOf } from './passkey-browser.ts'

const at = (address: string, known = true) => hindranceOf(new URL(address), known)

test('passkeys need a name, a safe line and a browser that knows them', () => {
  for (const address of ['https://misto.example/', 'http://localhost:7400/'])
    expect(at(address), address).toBeNull()
  const here = { link: 'http://localhost:7400/account/security' }
  for (const address of ['http://127.0.0.1:7400/', 'http://[::1]:7400/', 'http://192.168.1.5:7400/'])
    expect(at(address), address).toEqual({ why: 'needsDomain', ...here })
  expect(at('http://misto.local:7400/')).toEqual({ why: 'needsSecure', ...here })
  expect(at('https://misto.example/', false)).toEqual({ why: 'needsBrowser' })
})
