import type { Config } from '../config.ts'

/** What a person can do about a start that the machine did not allow: a sentence with the variable’s name, or null for what is no such thing. */
export function startFault(error: unknown, { host, port, dataDir }: Config): string | null {
  if (!(error instanceof Error)) return null
  const { code, syscall, path } = error as NodeJS.ErrnoException
  if (syscall === 'listen' || syscall === 'getaddrinfo') {
    if (code === 'EADDRINUSE' && path === undefined)
      return `Another program listens on ${host}, port ${port}. Stop it, or set PORT to another; 0 takes a free one.`
    if (code === 'EACCES' && path === undefined)
      return `This user may not listen on port ${port}. Set PORT to 1024 or above.`
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EADDRNOTAVAIL')
      return `HOST must be an address of this machine: ${host} is none. 127.0.0.1 is this machine alone, 0.0.0.0 all its addresses.`
  }
  const reason = FOLDER_FAULTS[code ?? '']
  return reason && path?.startsWith(dataDir)
    ? `DATA_DIR must be a folder that this user may write: ${path} ${reason} (${code}).`
    : null
}

const FOLDER_FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'may not be opened',
  EPERM: 'may not be opened',
  EROFS: 'is on a disk that is read only',
  EEXIST: 'is a file',
  ENOTDIR: 'lies under a file',
  ENOSPC: 'is on a full disk',
}
