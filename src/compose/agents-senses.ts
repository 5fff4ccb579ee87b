import type { Principal } from '../kernel/principal.ts'
import type { Files } from '../platform/files/files.ts'
import type { AgentsNeeds } from '../services/agents/agents.ts'
import type { PartArtefacts } from '../services/router-v2/artefacts.ts'
import type { Peers } from './peers.ts'

/** How agents hear and read stored files: with the asker's rights, by the engines of the gateway. */
export function ears(
  peers: Peers,
  files: Pick<Files, 'read'>,
  artefacts: Pick<PartArtefacts, 'transcribe' | 'read' | 'parse'>,
): Required<Pick<AgentsNeeds, 'transcribe' | 'hear'>> {
  type Asker = { readonly principal: Principal; readonly signal: AbortSignal }
  const open = async (file: string, asker: Asker) => {
    const { mime, name, sha256, sizeBytes } = await peers.need('city', 'agents').file({ file }, asker)
    return { bytes: await files.read(sha256), mime, name, sizeBytes }
  }
  return {
    transcribe: async (file, asker) => await artefacts.transcribe(await open(file, asker), asker),
    async hear({ type, file }, asker) {
      const source = await open(file, asker)
      const { mime, name, sizeBytes } = source
      const about = { mime, name, sizeBytes }
      if (type === 'audio') return { ...about, transcript: await artefacts.transcribe(source, asker) }
      if (type === 'image') {
        const { text, confidence, engine } = await artefacts.read(source, asker)
        return { ...about, ocr: { text, confidence, engine } }
      }
      const { pages } = await artefacts.parse(source, asker)
      return { ...about, pages: pages.map(({ number, text }) => ({ number, text })) }
    },
  }
}

/** Whether any model but the city's own librarian can be asked. */
export function hasModel(peers: Peers, itself: Principal): NonNullable<AgentsNeeds['hasModel']> {
  return async (signal) => {
    const { data } = await peers.need('llm-proxy', 'agents').models({}, { principal: itself, signal })
    return data.some(({ owned_by }) => owned_by !== 'daarion')
  }
}
