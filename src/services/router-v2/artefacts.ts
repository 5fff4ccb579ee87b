import type { Principal } from '../../kernel/principal.ts'
import type { Reading, Transcript } from '../city/messages.contract.ts'

/** A whole file. `mime` and `name` are a claim that whoever opens it judges. */
export interface ArtefactSource {
  readonly bytes: Uint8Array
  readonly mime: string
  readonly name: string
}

export interface ArtefactCall {
  readonly principal: Principal | null
  readonly signal: AbortSignal
}

/** What a document gave, page by page. */
interface ParsedDocument {
  readonly pages: readonly {
    readonly number: number
    readonly state: 'read' | 'ocr' | 'empty' | 'failed'
    readonly text: string
  }[]
}

/** Foreign bytes as text: the multimodal gateway, in this process or at a peer. Each rejects with an AppError that says why. */
export interface PartArtefacts {
  transcribe(source: ArtefactSource, call: ArtefactCall): Promise<Transcript>
  read(source: ArtefactSource, call: ArtefactCall): Promise<Reading>
  parse(source: ArtefactSource, call: ArtefactCall): Promise<ParsedDocument>
}
