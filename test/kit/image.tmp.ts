import { rm, stat, mkdtemp } from 'node:fs/promises'
import { buildImage, readImage } from '/work/main/src/platform/database/image.ts'
import { openPglite } from '/work/main/src/platform/database/pglite.ts'
import { migrateUp } from '/work/main/src/platform/database/migrate.ts'
const dir = await mkdtemp('/tmp/dp/img-')
const lap = (() => { let t = performance.now(), c = process.cpuUsage(); return (n: string) => { const u = process.cpuUsage(c); console.log(n, 'wall', Math.round(performance.now() - t), 'cpu', Math.round((u.user + u.system) / 1e3)); t = performance.now(); c = process.cpuUsage() } })()
await buildImage(dir + '/image'); lap('build')
console.log((await stat(dir + '/image')).size)
const image = await readImage(dir + '/image'); lap('readImage')
{ await using db = await openPglite({ dataDir: dir + '/d', image }); lap('first open'); console.log(await migrateUp(db)); lap('migrate'); await db.ping(); lap('ping') }
lap('close')
{ await using db = await openPglite({ dataDir: dir + '/d', image }); await db.ping(); lap('warm open'); console.log('rss', process.memoryUsage().rss / 1e6) }
await rm(dir, { recursive: true })
