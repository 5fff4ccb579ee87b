import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'

/** A contract of six pages, printed by the browser: four of text, one that is only a photo, one empty. */
export async function printContract(browser: Browser): Promise<Uint8Array> {
  const photo = readFileSync(join(process.env.FIXTURES_DIR ?? '', 'images/uk-notice.jpg')).toString('base64')
  const page = await browser.newPage()
  await page.setContent(`<style>
    body { font: 12pt/1.5 serif; margin: 0 } h2 { font-size: 14pt } section { break-after: page; min-height: 1px }
    section:last-child { break-after: auto } img { width: 100% } p { margin: 0 0 8pt }
  </style>
  <section><h2>Договір підряду № 14-11</h2><p>м. Київ, 11 листопада 2026 року</p>
    <p>ОСББ «Липова, 12», далі Замовник, і ФОП Лисенко Андрій Петрович, далі Підрядник, уклали цей договір про таке.</p>
    <h2>1. Предмет договору</h2><p>1.1. Підрядник установлює в будинку систему резервного живлення: гібридний інвертор на 6 кВт і дві акумуляторні батареї по 100 А·год.</p>
    <p>1.2. Система живить освітлення сходів, насос холодної води та домофон. Ліфт до системи не під’єднують.</p></section>
  <section><h2>2. Вартість і розрахунки</h2><p>2.1. Вартість обладнання й робіт становить 97 500 гривень, зокрема монтаж і налаштування 9 500 гривень.</p>
    <p>2.2. Замовник сплачує аванс 60 відсотків протягом трьох банківських днів, решту після підписання акта.</p>
    <h2>3. Строки</h2><p>3.1. Роботи виконують до 12 грудня 2026 року. За кожен день затримки Підрядник сплачує 0,1 відсотка вартості робіт.</p></section>
  <section><h2>4. Гарантійні зобов’язання</h2><p>4.1. Підрядник гарантує якість виконаних робіт протягом 24 (двадцяти чотирьох) місяців з дня підписання Сторонами акта приймання-передавання.</p>
    <p>4.2. Гарантія на обладнання визначається паспортом виробника і не може бути меншою за 12 місяців.</p>
    <p>4.3. Гарантія не поширюється на пошкодження, спричинені перевантаженням понад номінальну потужність.</p></section>
  <section><h2>5. Матеріали</h2><p>5.1. Підрядник забезпечує матеріали за переліком у Додатку 1. Матеріали понад перелік, зокрема кабель, оплачує Замовник за окремим рахунком.</p>
    <p>5.2. Заміна матеріалів погоджується письмово.</p></section>
  <section><img alt="" src="data:image/jpeg;base64,${photo}"></section>
  <section></section>`)
  const pdf = await page.pdf({
    format: 'A5',
    margin: { top: '16mm', bottom: '16mm', left: '16mm', right: '16mm' },
  })
  await page.close()
  return pdf
}
