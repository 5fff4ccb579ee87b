export const listeningUk = {
  listen: 'Послухати',
  listenRobot: 'Послухати. Читає робот',
  preparing: 'Готується…',
  stop: 'Зупинити',
  stopRobot: 'Зупинити · читає робот',
  none: 'Озвучити ще нічим. Установіть espeak-ng або задайте TTS_URL.',
  nothing: 'Тут немає чого читати вголос.',
  silent: 'Цей браузер не зміг відтворити звук.',
} as const
