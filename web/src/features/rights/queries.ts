/** What the list of people is kept under. */
export const PEOPLE = ['people', 'administration']
