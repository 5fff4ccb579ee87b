/** The tables of what is live, in the schema `city`. */
export type LiveTables = {
  'city.live_setting': LiveSettingTable
}

interface LiveSettingTable {
  principal: string
  /** Whether others see how far this person has read. */
  read_receipts: boolean
}
