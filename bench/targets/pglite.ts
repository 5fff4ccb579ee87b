// The embedded database alone: opens the folder, asks it something, says so.
import { PGlite } from '@electric-sql/pglite'

const [folder = ''] = process.argv.slice(2)
const database = await PGlite.create({ dataDir: folder })
await database.query('select 1')
console.log('open')
await database.close()
process.exit()
