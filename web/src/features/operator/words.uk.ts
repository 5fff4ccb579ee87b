/** What the operator's pages say in Ukrainian. */
export const operatorUk = { title: 'Стан міста' } as const
