export interface LetterWords {
  readonly subject: string
  readonly text: string
  /** After the link. */
  readonly end: string
}

type Letters = Readonly<
  Record<'reset' | 'verify' | 'signUp' | 'known' | 'digest', (city: string) => LetterWords>
>

const UK: Letters = {
  reset: (city) => ({
    subject: `${city}: новий пароль`,
    text: 'Хтось, мабуть ви, просить новий пароль. Це посилання діє годину і лише раз:',
    end: 'Якщо це були не ви, нічого робити не треба: пароль лишається старим.',
  }),
  verify: (city) => ({
    subject: `${city}: підтвердження пошти`,
    text: 'Відкрийте це посилання, щоб підтвердити, що пошта ваша. Воно діє добу:',
    end: 'Якщо ви про це не просили, нічого робити не треба.',
  }),
  signUp: (city) => ({
    subject: `${city}: підтвердження пошти`,
    text: `Ви просили про обліковий запис у місті ${city}. Відкрийте це посилання й виберіть пароль, тоді він з’явиться; діє посилання добу:`,
    end: 'Якщо це були не ви, не відкривайте його: без цього нічого не станеться.',
  }),
  known: (city) => ({
    subject: `${city}: ви вже тут мешкаєте`,
    text: 'Хтось, мабуть ви, просить обліковий запис із цією поштою. Він у вас уже є, просто ввійдіть. Якщо забули пароль, там можна поставити новий:',
    end: 'Якщо це були не ви, нічого робити не треба.',
  }),
  digest: (city) => ({
    subject: `${city}: що ви ще не бачили`,
    text: 'Вам писали, а ви ще не бачили:',
    end: 'Змінити чи вимкнути ці листи:',
  }),
}

const EN: Letters = {
  reset: (city) => ({
    subject: `${city}: a new password`,
    text: 'Somebody, most likely you, asks for a new password. This link works for an hour, and once:',
    end: 'If it was not you, there is nothing to do: the password stays as it is.',
  }),
  verify: (city) => ({
    subject: `${city}: is this your address?`,
    text: 'Open this link to show that the address is yours. It works for a day:',
    end: 'If you did not ask for this, there is nothing to do.',
  }),
  signUp: (city) => ({
    subject: `${city}: is this your address?`,
    text: `You asked for an account in the city ${city}. Open this link and choose a password, and it is made. The link works for a day:`,
    end: 'If it was not you, do not open it: then nothing happens.',
  }),
  known: (city) => ({
    subject: `${city}: you live here already`,
    text: 'Somebody, most likely you, asks for an account with this address. You have one; sign in, or set a new password there if you forgot it:',
    end: 'If it was not you, there is nothing to do.',
  }),
  digest: (city) => ({
    subject: `${city}: what you have not seen yet`,
    text: 'This was meant for you, and you have not seen it yet:',
    end: 'To change or stop these letters:',
  }),
}

/** The letters of the city in a reader's language; English where none is known. */
export const letterWords = (locale: 'uk' | 'en' | null): Letters => (locale === 'uk' ? UK : EN)
