/** This device, in English. */
export const deviceEn = {
  title: 'This device',
  newBuild: 'The city has been renewed.',
  takeBuild: 'Open the new one',
  can: 'What works here',
  works: 'works',
  ability: {
    microphone: 'Microphone',
    passkeys: 'Passkeys',
    offline: 'Reading without a line',
    push: 'Notifications when the page is closed',
  },
  why: {
    microphone: 'is shut by the browser on this address',
    passkeys: 'need a name such as localhost or city.example, not a bare address',
    offline: 'is shut by the browser on this address',
    push: 'this browser has none on this address',
  },
  plain: 'This address is not encrypted',
  plainWhy:
    'You came by {{address}}. On such an address a browser shuts the microphone, passkeys, notifications and installing, so that nobody on the network can listen in. Everything else works.',
  plainHere: 'On the machine the city runs on, open http://localhost:{{port}}.',
  plainProxy:
    'For other devices the operator puts a proxy with a certificate (Caddy, nginx) in front and sets PUBLIC_URL to its https address.',
  install: 'As an app',
  installOffer: 'The city opens in a window of its own, from the home screen.',
  installByHand: 'In the browser’s menu choose “Install” or “Add to home screen”.',
  installNow: 'Install',
  kept: 'Kept on this device',
  keptWhat:
    'What you read last stays readable without a line, and what you wrote is sent when it is back. Signing out removes it.',
  forget: 'Remove what is kept',
  forgotten: 'Nothing is kept here any more.',
}
