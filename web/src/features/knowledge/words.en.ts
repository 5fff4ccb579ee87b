/** What documents say in English. */
export const knowledgeEn = {
  loading: 'Loading the document',
  notLoaded: 'The document did not load',
  pages: 'Pages',
  pageN: 'Page {{page}}',
  notCounted: 'The pages are not counted yet.',
  inRoom: 'from “{{room}}”',
  backTo: 'Back to “{{room}}”',
  ask: 'Ask about the document',
  askWords: '@{{agent}} in the document “{{title}}”: ',
  original: 'Open the original',
  nothingHereHint: 'The document may lie in a room that you are not in, or the link may be out of date.',
  state: {
    read: 'read',
    ocr: 'by OCR',
    empty: 'empty',
    failed: 'not read',
    waiting: 'waiting',
  },
} as const
