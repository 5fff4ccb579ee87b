import pg from 'pg'

/** A fresh database on a server of which `admin` is a superuser's URL; dropped when disposed of. */
export async function scratchDatabase(admin: string): Promise<AsyncDisposable & { readonly url: string }> {
  const name = `scratch_${process.pid}_${crypto.randomUUID().replaceAll('-', '')}`
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: admin })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await run(`create database ${name}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => run(`drop database ${name} with (force)`) }
}
