import type { OcrText } from '../ocr.ts'
import type { Box } from '../read-image.ts'
import { type LaidLine, laidOut } from './layout.ts'
import { xmlText } from './xml-text.ts'

/** A reading as ALTO 4 (https://www.loc.gov/standards/alto/), in pixels. Needs words with places. */
export function toAlto(reading: OcrText): string {
  const pages = laidOut(reading).map(({ blocks, height, number, width }) => {
    const whole = `HPOS="0" VPOS="0" WIDTH="${width}" HEIGHT="${height}"`
    const texts = blocks.map(({ box, lines }, b) => {
      const id = `${number}_${b + 1}`
      const rows = lines.map((line, l) => textLine(line, `${id}_${l + 1}`))
      return [`        <TextBlock ID="block_${id}" ${place(box)}>`, ...rows, '        </TextBlock>'].join(
        '\n',
      )
    })
    return [
      `    <Page ID="page_${number}" PHYSICAL_IMG_NR="${number}" WIDTH="${width}" HEIGHT="${height}">`,
      `      <PrintSpace ${whole}>`,
      ...texts,
      '      </PrintSpace>',
      '    </Page>',
    ].join('\n')
  })
  return `${head(xmlText(reading.engine))}\n${pages.join('\n')}\n  </Layout>\n</alto>\n`
}

const head = (engine: string) => `<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# http://www.loc.gov/standards/alto/v4/alto-4-4.xsd" SCHEMAVERSION="4.4">
  <Description>
    <MeasurementUnit>pixel</MeasurementUnit>
    <Processing ID="processing_1">
      <processingCategory>contentGeneration</processingCategory>
      <processingSoftware>
        <softwareName>${engine}</softwareName>
      </processingSoftware>
    </Processing>
  </Description>
  <Layout>`

function textLine({ box, words }: LaidLine, id: string): string {
  const strings = words.flatMap(({ box: ofWord, confidence, text }, w) => {
    const before = words[w - 1]
    const share = Math.min(1, Math.max(0, confidence)).toFixed(4)
    const string = `            <String ID="word_${id}_${w + 1}" CONTENT="${xmlText(text)}" ${place(ofWord)} WC="${share}"/>`
    return before ? [space(before.box, ofWord), string] : [string]
  })
  return [`          <TextLine ID="line_${id}" ${place(box)}>`, ...strings, '          </TextLine>'].join(
    '\n',
  )
}

/** Letters that lean over may leave nothing between two words. */
const space = (left: Box, right: Box): string =>
  `            <SP HPOS="${Math.round(left.x1)}" VPOS="${Math.round(left.y0)}" WIDTH="${Math.max(0, Math.round(right.x0 - left.x1))}"/>`

const place = ({ x0, x1, y0, y1 }: Box): string =>
  `HPOS="${Math.round(x0)}" VPOS="${Math.round(y0)}" WIDTH="${Math.round(x1 - x0)}" HEIGHT="${Math.round(y1 - y0)}"`
