/** What documents say in English. */
export const knowledgeEn = { loading: 'Loading the document' } as const
