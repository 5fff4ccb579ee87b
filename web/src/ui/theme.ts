export type Theme = 'light' | 'dark'
/** What a reader chose: one of the two, or whatever the system asks for. */
export type ThemeChoice = Theme | 'system'

export function themeChoice(): ThemeChoice {
  const kept = document.documentElement.dataset.theme
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

/** What is shown now: the kept choice, or what the system asks for. */
function currentTheme(): Theme {
  const choice = themeChoice()
  if (choice !== 'system') return choice
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** Shows the page so, and keeps the choice in this browser. */
export function chooseTheme(choice: ThemeChoice): void {
  const { dataset } = document.documentElement
  if (choice === 'system') delete dataset.theme
  else dataset.theme = choice
  try {
    if (choice === 'system') localStorage.removeItem('theme')
    else localStorage.setItem('theme', choice)
  } catch {
    // A browser that keeps nothing still shows it.
  }
}

/** Turns the page the other way. */
export function toggleTheme(): void {
  chooseTheme(currentTheme() === 'dark' ? 'light' : 'dark')
}
