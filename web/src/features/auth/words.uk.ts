/** What the doors of the city say in Ukrainian. */
export const authUk = {
  signIn: 'Увійти',
  welcomeBack: 'З поверненням',
  email: 'Пошта',
  password: 'Пароль',
} as const
