// The bare engine: tesseract.js with the same language data, told to find the page's layout and to give words with their boxes, as ours is.
import { symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createWorker, OEM, PSM } from 'tesseract.js'

const [folder = ''] = process.argv.slice(2)
const require = createRequire(import.meta.url)
for (const language of ['eng', 'ukr'])
  symlinkSync(
    join(
      dirname(require.resolve(`@tesseract.js-data/${language}/package.json`)),
      '4.0.0_best_int',
      `${language}.traineddata.gz`,
    ),
    join(folder, `${language}.traineddata.gz`),
  )
const worker = await createWorker('ukr+eng', OEM.LSTM_ONLY, { langPath: folder, cacheMethod: 'none' })
await worker.setParameters({ tessedit_pageseg_mode: PSM.AUTO })

process.on('disconnect', () => process.exit())
process.on('message', (image: Uint8Array) => {
  void worker
    .recognize(Buffer.from(image), {}, { blocks: true, text: true })
    .then(({ data }) => process.send?.({ text: data.text }))
})
process.send?.({ text: 'ready' })
