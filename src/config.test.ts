import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError, readConfig, SERVICES } from './config.ts'

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

test('an empty environment is a whole city on this machine', () => {
  const config = readConfig({ PORT: '' })
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 7400,
    publicUrl: 'http://127.0.0.1:7400',
    llm: null,
  })
  expect(config.run).toEqual(SERVICES)
  expect(config.maxUploadBytes).toBe(25_000_000)
})

test('every fault is named at once, with what would be right', () => {
  const faults = faultsOf({
    PORT: '74o0',
    DATABASE_URL: 'mysql://x',
    HOST: 'my city',
    TRUST_PROXY: '10.0.0.0/64',
    EMBEDDINGS_DIMENSIONS: 'many',
    MAIL_FROM: 'nobody',
    LLM_URL: 'http://127.0.0.1:1/v1',
    OWNER_EMAIL: 'nobody',
    LOG_LEVEL: 'loud',
    PEER_CITI: 'http://x',
    PEER_CITY: 'http://x',
  })
  expect([...faults].sort((a, b) => a.localeCompare(b))).toEqual([
    'DATABASE_URL must be an address that begins with postgres:// or postgresql://',
    'EMBEDDINGS_DIMENSIONS must be a whole number from 1 to 384',
    'HOST must be an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them',
    'LLM_MODEL is needed with LLM_URL',
    'LOG_LEVEL must be one of fatal, error, warn, info, debug, silent',
    'MAIL_FROM must be an e-mail address; it is needed with SMTP_URL',
    'OWNER_EMAIL must be an e-mail address',
    'OWNER_PASSWORD or OWNER_PASSWORD_FILE is needed with OWNER_EMAIL',
    expect.stringContaining('PEER_CITI names no service'),
    'PEER_CITY is given, but RUN runs city in this process',
    'PORT must be a whole number from 0 to 65535',
    'TRUST_PROXY must be addresses or networks by comma, such as 127.0.0.1,10.0.0.0/8, or loopback',
  ])
})

test('what would be passed over in silence is a fault too', () => {
  expect(faultsOf({ LLM_MODEL: 'x', OWNER_PASSWORD: 'a long password' })).toEqual([
    'LLM_URL is needed with LLM_MODEL',
    'OWNER_EMAIL is needed with OWNER_PASSWORD or OWNER_PASSWORD_FILE',
  ])
  const right = { HOST: 'city.local', TRUST_PROXY: 'loopback, 10.0.0.0/8,::1', MAIL_FROM: 'A <a@b.org>' }
  expect(faultsOf(right)).toEqual([])
  for (const HOST of ['0.0.0.0', '::', 'localhost']) expect(faultsOf({ HOST })).toEqual([])
})

test('a part of the city needs what several processes share', () => {
  expect(faultsOf({ RUN: 'city,auth' })).toEqual([
    'DATABASE_URL is needed where RUN is less than everything',
    'NATS_URL is needed where RUN is less than everything',
    'CITY_SECRET is needed where RUN is less than everything',
  ])
  expect(faultsOf({ RUN: 'city,mayor' })[0]).toContain('knows no service mayor')
})

test('peers are read by the names of services', () => {
  const shared = {
    DATABASE_URL: 'postgres://localhost/x',
    NATS_URL: 'nats://localhost',
    CITY_SECRET: 'x'.repeat(32),
  }
  expect(readConfig({ ...shared, RUN: 'city', PEER_LLM_PROXY: 'http://b:1' }).peers).toEqual({
    'llm-proxy': 'http://b:1',
  })
})

test('the owner’s password comes from a file, and never shows', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'password')
  writeFileSync(file, 'correct horse battery\n')
  const config = readConfig({ OWNER_EMAIL: 'a@b.ua', OWNER_PASSWORD_FILE: file })
  expect(config.secrets.ownerPassword?.reveal()).toBe('correct horse battery')
  expect(JSON.stringify(config)).not.toContain('correct horse')
  expect(faultsOf({ OWNER_EMAIL: 'a@b.ua', OWNER_PASSWORD: 'short' })).toEqual([
    'OWNER_PASSWORD must hold at least 10 characters',
  ])
})
