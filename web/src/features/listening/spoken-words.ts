/** An answer as a voice reads it: without the signs of Markdown, numbers of sources, addresses, and code, which nobody wants read aloud. */
export function spokenWords(markdown: string): string {
  return markdown
    .replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, '')
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/ ?\[\d{1,3}\]/g, '')
    .replace(/<?https?:\/\/[^\s>]+>?/g, '')
    .replace(/^[ \t]*\|?[ \t:|-]*-{2,}[ \t:|-]*$/gm, '')
    .replace(/^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|\d{1,3}[.)][ \t]+)/gm, '')
    .replace(/[ \t]*\|[ \t]*/g, ', ')
    .replace(/(\*\*|__|~~)(?=\S)(.+?)\1/g, '$2')
    .replace(/(?<![\p{L}\p{N}])([*_])(?=\S)(.+?)(?<=\S)\1(?![\p{L}\p{N}])/gu, '$2')
    .replaceAll('`', '')
    .replace(/^[ \t,]+|[ \t,]+$/gm, '')
    .replace(/\n{2,}/g, '\n\n')
    .trim()
}
