/** What the doors of the city say in English. */
export const authEn = {
  signIn: 'Sign in',
  welcomeBack: 'Welcome back',
  email: 'E-mail',
  password: 'Password',
} as const
