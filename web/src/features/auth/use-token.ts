import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

/** The one-time token that came after the #; it is taken out of the address bar, so that it stays out of the history and of screenshots. */
export function useToken(
  page: '/welcome' | '/invitation' | '/new-password' | '/verify' | '/confirm',
): string {
  const navigate = useNavigate()
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)))
  useEffect(() => {
    if (token !== '') void navigate({ to: page, hash: '', replace: true })
  }, [token, page, navigate])
  return token
}
