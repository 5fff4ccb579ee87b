import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { Secret } from '../../src/kernel/secret.ts'

export interface ScratchPostgres extends AsyncDisposable {
  readonly url: Secret
}

/** Makes an empty database of its own on the server that `TEST_DATABASE_URL` names; disposing drops it, with whoever is still connected. */
export async function scratchPostgres(server: string): Promise<ScratchPostgres> {
  const name = `daarion_${randomBytes(6).toString('hex')}`
  await run(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: new Secret(url.href),
    [Symbol.asyncDispose]: () => run(server, `drop database if exists ${name} with (force)`),
  }
}

async function run(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 5000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
