/** What documents say in Ukrainian. */
export const knowledgeUk = { loading: 'Документ завантажується' } as const
