export const listeningEn = {
  listen: 'Listen',
  listenRobot: 'Listen. A robot reads',
  preparing: 'Getting ready…',
  stop: 'Stop',
  stopRobot: 'Stop · a robot reads',
  none: 'Nothing here can read aloud yet. Install espeak-ng or set TTS_URL.',
  nothing: 'There is nothing to read aloud.',
  silent: 'This browser could not play the sound.',
} as const
