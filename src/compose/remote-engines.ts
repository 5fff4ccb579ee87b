import { z } from 'zod'
import type { EngineNode } from '../config.ts'
import { engineError } from '../engines/engine.errors.ts'
import { bytesOf } from '../engines/foreign-file.ts'
import { type Ocr, OcrText } from '../engines/ocr/ocr.ts'
import type { Parser } from '../engines/parser/parser.ts'
import type { Reader } from '../engines/reader/reader.ts'
import type { Rerank } from '../engines/rerank/rerank.ts'
import { Segment, type Stt } from '../engines/stt/stt.ts'
import { SPEECH_FORMATS, type Tts } from '../engines/tts/tts.ts'
import type { Vision } from '../engines/vision/vision.ts'
import type { WebSearch } from '../engines/web-search/web-search.ts'
import {
  Description,
  ParseResult,
  ReadResult,
  RerankResult,
  SearchResult,
} from '../services/multimodal-gateway/doors.contract.ts'
import { createNode, type NodeNeeds } from './engine-peer.ts'

/** `verbose_json`, with what our own gateway adds; any server of OpenAI's shape does without that. */
const Heard = z.object({
  text: z.string(),
  language_code: z.string().nullable().optional(),
  duration: z.coerce.number().optional(),
  speech: z.boolean().optional(),
  engine: z.string().optional(),
  segments: z.array(Segment).optional(),
})

/** Drivers that ask another node by the same routes that a node of engines, or any server of that shape, serves. Their names begin with `peer`, and each result names the node before the driver that answered there. */
export const remoteEngines = {
  stt(needs: NodeNeeds): Stt {
    const node = createNode(needs)
    return {
      name: node.name,
      missing: node.missing,
      async transcribe(audio, options = {}) {
        const { language, onPartial, prompt, signal, task, words } = options
        const path = task === 'translate' ? '/v1/audio/translations' : '/v1/audio/transcriptions'
        const fields = {
          model: 'whisper-1',
          response_format: 'verbose_json',
          ...(language && task !== 'translate' && { language }),
          ...(prompt && { prompt }),
          'timestamp_granularities[]': words ? ['segment', 'word'] : ['segment'],
        }
        const file = { bytes: audio.bytes, mime: audio.mime, name: 'audio' }
        const heard = node.read(Heard, await node.send(path, fields, file, signal))
        const segments = heard.segments ?? []
        for (const segment of segments) onPartial?.(segment)
        const text = heard.text.trim()
        return {
          text,
          language: heard.language_code ?? language ?? null,
          speech: heard.speech ?? text !== '',
          segments,
          engine: node.named(heard.engine),
          durationMs: Math.round((heard.duration ?? segments.at(-1)?.end ?? 0) * 1000),
        }
      },
    }
  },

  tts(needs: NodeNeeds): Tts {
    const node = createNode(needs)
    return {
      name: node.name,
      missing: node.missing,
      // Its voices are the node's own to tell; whatever is asked for is passed on.
      voices: () => Promise.resolve([]),
      async speak(text, { format = 'mp3', language, signal, speed, voice } = {}) {
        const body = { model: 'tts-1', input: text, voice, language, speed, response_format: format }
        const { bytes, headers, mime } = await node.post('/v1/audio/speech', body, signal)
        if (!mime.startsWith('audio/') || bytes.length === 0)
          throw engineError('engine.cut', { engine: node.host }, { retryable: true })
        const given = SPEECH_FORMATS.find((one) => one === headers.get('x-speech-format'))
        return {
          bytes,
          mime,
          format: given ?? format,
          engine: node.named(headers.get('x-engine') ?? undefined),
          language: headers.get('x-speech-language') ?? language ?? '',
          quality: headers.get('x-speech-quality') === 'robotic' ? 'robotic' : 'natural',
        }
      },
    }
  },

  ocr(needs: NodeNeeds): Ocr {
    const node = createNode(needs)
    return {
      name: node.name,
      missing: node.missing,
      async read(image, { languages, signal } = {}) {
        const file = { bytes: await bytesOf(image), mime: image.mime, name: 'image' }
        const fields = { ...(languages && { languages: languages.join(',') }) }
        const read = node.read(OcrText, await node.send('/api/multimodal/ocr', fields, file, signal))
        return { ...read, engine: node.named(read.engine) }
      },
    }
  },

  vision(needs: NodeNeeds): Vision {
    const node = createNode(needs)
    return {
      name: node.name,
      missing: node.missing,
      async describe(image, { camera, language, question, signal } = {}) {
        const file = { bytes: await bytesOf(image), mime: image.mime, name: 'image' }
        const fields = {
          ...(language && { language }),
          ...(question && { question }),
          ...(camera && { camera: 'true' }),
        }
        const answer = await node.send('/api/multimodal/describe', fields, file, signal)
        const { camera: told, safety, ...seen } = node.read(Description, answer)
        const { place, takenAt } = told ?? {}
        return {
          ...seen,
          ...(safety && { safety }),
          ...(told && { camera: { ...(place && { place }), ...(takenAt && { takenAt }) } }),
          engine: node.named(seen.engine),
        }
      },
    }
  },

  parser(needs: NodeNeeds): Parser {
    const node = createNode(needs)
    return {
      name: node.name,
      missing: node.missing,
      async parse(document, { onPage, onProgress, password, signal, skip }) {
        const file = { bytes: await bytesOf(document), mime: document.mime, name: document.name }
        const fields = { ...(password !== undefined && { password }) }
        const answer = await node.send('/api/multimodal/parse', fields, file, signal)
        const { engine, outline, pages, title } = node.read(ParseResult, answer)
        for (const [done, { state, ...page }] of pages.entries()) {
          // What was recognised there is read here.
          if (!skip?.has(page.number))
            await onPage({ ...page, state: state === 'ocr' ? 'read' : state }, pages.length)
          onProgress?.((done + 1) / pages.length)
        }
        return { title, total: pages.length, engine: node.named(engine), outline }
      },
    }
  },

  search(needs: NodeNeeds): WebSearch {
    const node = createNode(needs)
    return {
      name: node.name,
      missing: node.missing,
      async search(query, { languages, limit, signal }) {
        const body = { query, languages, limit: Math.min(20, limit) }
        const answer = await node.post('/api/multimodal/search', body, signal)
        const { engine, items } = node.read(SearchResult, answer)
        return { engine: node.named(engine), hits: items }
      },
    }
  },

  reader(needs: NodeNeeds): Reader {
    const node = createNode(needs)
    return {
      name: node.name,
      missing: node.missing,
      async read(url, { signal } = {}) {
        const answer = await node.post('/api/multimodal/read', { url }, signal)
        const { byline, language, publishedAt, ...page } = node.read(ReadResult, answer)
        return {
          ...page,
          ...(byline !== undefined && { byline }),
          ...(language !== undefined && { language }),
          ...(publishedAt !== undefined && { publishedAt }),
          engine: node.named(page.engine),
        }
      },
    }
  },

  rerank(needs: NodeNeeds): Rerank {
    const node = createNode(needs)
    return {
      name: node.name,
      model: node.name,
      missing: node.missing,
      async rerank(query, texts, { limit, signal } = {}) {
        const answer = await node.post('/api/multimodal/rerank', { query, texts, limit }, signal)
        return node.read(RerankResult, answer).items
      },
    }
  },
} as const satisfies Record<EngineNode, (needs: NodeNeeds) => unknown>
