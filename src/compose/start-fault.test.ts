import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { startFault } from './start-fault.ts'

test('a port that is taken and a folder that is a file are told by their variable', async () => {
  const first = createServer().listen(0, '127.0.0.1')
  await once(first, 'listening')
  const { port } = first.address() as AddressInfo
  const dataDir = fileURLToPath(import.meta.url)
  const config = readConfig({ PORT: String(port), DATA_DIR: dataDir })
  const [taken] = await once(createServer().listen(port, '127.0.0.1'), 'error')
  first.close()
  expect(startFault(taken, config)).toBe(
    `Another program listens on 127.0.0.1, port ${port}. Stop it, or set PORT to another; 0 takes a free one.`,
  )
  const folder = await mkdir(dataDir).catch((error: unknown) => error)
  expect(startFault(folder, config)).toBe(
    `DATA_DIR must be a folder that this user may write: ${dataDir} is a file (EEXIST).`,
  )
  expect(startFault(new Error('a bug'), config)).toBeNull()
})
