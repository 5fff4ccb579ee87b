import type { Browser, Page } from 'playwright-core'

/** A contract of six pages, printed by the browser: four of text, one that is only a scan, one empty. */
export async function printContract(browser: Browser): Promise<Uint8Array> {
  const page = await browser.newPage({ viewport: { width: 800, height: 1000 } })
  const scan = await scanOf(page)
  await page.setContent(`<style>
    body { font: 12pt/1.5 serif; margin: 0 } h2 { font-size: 14pt; margin: 12pt 0 6pt } p { margin: 0 0 8pt }
    section { break-after: page; min-height: 1px } section:last-child { break-after: auto } img { width: 100% }
  </style>
  <section><h2>Договір про екскурсію № 14-11</h2><p>м. Київ, 11 листопада 2026 року</p>
    <p>ОСББ «Липова, 12», далі Замовник, і ФОП Лисенко Андрій Петрович, далі Виконавець, уклали цей договір про таке.</p>
    <h2>1. Предмет договору</h2><p>1.1. Виконавець організовує для мешканців будинку дводенну поїздку до Кам’янця-Подільського 12 і 13 грудня 2026 року.</p>
    <p>1.2. Автобус на 48 місць вирушає о 7:00 від будинку на вулиці Липовій, 12.</p></section>
  <section><h2>2. Вартість і розрахунки</h2><p>2.1. Місце коштує 1 450 гривень; у ціну входять дорога, ночівля і квиток до фортеці.</p>
    <p>2.2. Замовник сплачує аванс 60 відсотків протягом трьох банківських днів, решту до 5 грудня.</p></section>
  <section><h2>3. Відмова від поїздки</h2>
    <p>3.1. Гроші повертають повністю, якщо мешканець відмовився від місця до 1 грудня.</p>
    <p>3.2. Якщо відмовитися пізніше, повертають половину вартості місця.</p>
    <p>3.3. Місце можна передати іншому мешканцеві без доплати.</p></section>
  <section><h2>4. Відповідальність</h2><p>4.1. За затримку відправлення понад дві години Виконавець повертає 10 відсотків вартості.</p>
    <p>4.2. Сторони не відповідають за негоду, через яку дорогу перекрито.</p></section>
  <section><img alt="" src="data:image/jpeg;base64,${scan.toString('base64')}"></section>
  <section></section>`)
  const margin = { top: '16mm', bottom: '16mm', left: '16mm', right: '16mm' }
  const pdf = await page.pdf({ format: 'A5', margin })
  await page.close()
  return pdf
}

/** A sheet that lay askew under the scanner. */
async function scanOf(page: Page): Promise<Buffer> {
  await page.setContent(`<body style="margin: 0; background: #f4f1e8; font: 26px/1.7 serif; color: #222">
    <div style="padding: 90px 80px; transform: rotate(0.7deg)"><h2>Додаток 1. Що взяти з собою</h2>
    <p>Паспорт або посвідчення дитини.</p><p>Теплий одяг і зручне взуття.</p><p>Воду та бутерброди на дорогу.</p></div>`)
  return await page.screenshot({ type: 'jpeg', quality: 80 })
}
