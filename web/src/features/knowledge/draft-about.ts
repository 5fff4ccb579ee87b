/** What stands in the composer when somebody asks about a document: what they had begun is kept, and nothing is put in twice. */
export function draftAbout(begun: string, words: string): string {
  if (begun.includes(words.trim())) return begun
  return begun.trim() === '' ? words : `${begun.trimEnd()}\n${words}`
}
