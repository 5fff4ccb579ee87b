export type Theme = 'light' | 'dark'

/** What is shown now: the kept choice, or what the system asks for. */
function currentTheme(): Theme {
  const kept = document.documentElement.dataset.theme
  if (kept === 'light' || kept === 'dark') return kept
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** Turns the page the other way and keeps the choice in this browser. */
export function toggleTheme(): Theme {
  const next: Theme = currentTheme() === 'dark' ? 'light' : 'dark'
  document.documentElement.dataset.theme = next
  try {
    localStorage.setItem('theme', next)
  } catch {
    // A browser that keeps nothing still shows it.
  }
  return next
}
