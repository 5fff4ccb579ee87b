/** The languages that Whisper and its relatives name. */
const CODES =
  'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue'.split(
    ' ',
  )

/** The code of a language given as a code (`uk`, `uk-UA`) or by its English name (`ukrainian`), as some servers say it. */
export function languageCode(given: string): string | undefined {
  const name = given.trim().toLowerCase()
  const code = name.split(/[-_]/)[0] ?? ''
  if (CODES.includes(code)) return code
  const english = new Intl.DisplayNames('en', { type: 'language' })
  return CODES.find((one) => english.of(one)?.toLowerCase() === name)
}
