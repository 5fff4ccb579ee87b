const list = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Words too common to find anything by, of both languages. */
export const STOP_WORDS = list(`
  а або адже але б би бо був була були було бути в вам вами вас ваш ваша ваше ваші весь вже ви від він вона вони воно все всі всіх
  далі де для до є ж же з за зараз звідки зі і із інші її їй їм їх його йому й коли кого кому котра котрий куди лише ліпше ми мене мені
  мій моє моя мої може можна можу на навіть над нам нами нас наш наша наше наші не нема немає нею неї ним ними них ні нього ну о об один однак
  ось от по поки потім при про прошу під після сам сама саме само самі собі себе скільки скажи скажіть своє своєї свій свого свою своя свої так така
  такий таке такі там та те теж ти тим тих то тобі тобою того той тому тоді тут у уже хіба хто хтось це цей ця ці цього цьому цих чи чим
  чого чому через чи чий чиє чия ще що щоб щодо щось я як яка який яке які якого якій якою якась якщо яким яких знайди знайдіть покажи покажіть будь ласка
  a about again all also am an and any are as at be because been being but by can could did do does doing done for from further had has
  have having he her here hers him his how i if in into is it its itself just let like many me more most much my no nor not now of off on
  once one only or other our ours out over own please same say says she should show so some such tell than that the their theirs them then there
  these they this those through to too under until up us very was we were what when where which while who whom why will with would you
  your yours find give
`)

const ASIDES = list(`
  документ документа документі документу документи документів файл файлі файлу файли сторінка сторінці сторінки текст тексті тексту фото зображення зображенні картинка картинці скан скані
  знімок знімку запис записі запису аудіо голосове повідомлення розмова розмові розмови кімната кімнаті написано сказано йдеться мова мовиться зміст змісті вміст коротко стисло
  розкажи розкажіть підсумуй підсумуйте підсумок перекажи перекажіть опиши опишіть прочитай прочитайте міститься
  document documents file files page pages text photo picture image images scan recording record audio voice message messages room conversation
  content contents summary summarise summarize summarised overview brief briefly describe description explain read written said inside contain contains attached attachment
`)

/** Whether a word names the thing asked about rather than anything in it. */
export const isAside = (word: string): boolean => ASIDES.has(word)
