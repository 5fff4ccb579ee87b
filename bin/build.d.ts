/** Brings the server, the web app and the image of the empty database up to date; throws where one cannot be built. */
export function build(options?: { force?: boolean }): void
