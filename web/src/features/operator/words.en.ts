/** What the operator's pages say in English. */
export const operatorEn = { title: 'State of the city' } as const
