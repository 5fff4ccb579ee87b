import { describe, expect, it } from 'vitest'
import { srt, vtt } from './subtitles.ts'

const lines = [
  { start: 0, end: 1.5, text: ' Not <this> & that' },
  { start: 3661.0004, end: 3662.9996, text: 'two\n\nlines' },
  { start: 4, end: 3, text: '  ' },
]

describe('subtitles', () => {
  it('writes SubRip', () => {
    expect(srt(lines)).toBe(
      '1\n00:00:00,000 --> 00:00:01,500\nNot <this> & that\n\n2\n01:01:01,000 --> 01:01:03,000\ntwo\nlines\n\n',
    )
  })

  it('writes WebVTT with its signs escaped', () => {
    expect(vtt(lines)).toBe(
      'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nNot &lt;this&gt; &amp; that\n\n01:01:01.000 --> 01:01:03.000\ntwo\nlines\n\n',
    )
    expect(vtt([])).toBe('WEBVTT\n\n')
  })
})
