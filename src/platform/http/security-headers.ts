const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
]

export interface SecurityHeaders {
  /** For pages, files and whatever else a browser may show: to run nothing from elsewhere, to be framed by nobody. */
  readonly pages: readonly (readonly [name: string, value: string])[]
  /** For JSON that a contract's route answers: it is never taken for anything else, and does nothing if it were. */
  readonly data: readonly (readonly [name: string, value: string])[]
}

/** What answers tell a browser, made once; where the city is public over https, also to come back by https alone. */
export function securityHeaders(publicUrl: string): SecurityHeaders {
  const secure = publicUrl.startsWith('https:')
  const everywhere = {
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    ...(secure && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  }
  return {
    pages: Object.entries({
      ...everywhere,
      'content-security-policy': POLICY.join(';'),
      'referrer-policy': 'no-referrer',
      'x-dns-prefetch-control': 'off',
      'x-download-options': 'noopen',
      'x-frame-options': 'DENY',
      'x-permitted-cross-domain-policies': 'none',
      'x-xss-protection': '0',
      ...(secure && { 'cross-origin-opener-policy': 'same-origin', 'origin-agent-cluster': '?1' }),
    }),
    data: Object.entries({
      ...everywhere,
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    }),
  }
}
