// Sets the kept theme and language before anything is painted; a file of its own because no inline script may run here.
try {
  const theme = localStorage.getItem('theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
  const language = localStorage.getItem('language') || navigator.language
  document.documentElement.lang = language.startsWith('uk') ? 'uk' : 'en'
} catch {
  // Storage may be shut to us; then the system decides.
}
