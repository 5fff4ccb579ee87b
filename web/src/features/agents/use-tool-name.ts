import { useQuery } from '@tanstack/react-query'
import { useApi } from '../../context.tsx'
import { useLanguage } from '../../i18n/format.ts'

/** What agents can use, with their names in the reader's language. */
export function useTools() {
  const api = useApi()
  return useQuery({
    queryKey: ['agent-tools'],
    queryFn: async () => (await api.agents.tools({})).items,
    staleTime: 60_000,
  })
}

/** A tool's name as the reader knows it; its own where that is not known yet. */
export function useToolName(): (name: string) => string {
  const language = useLanguage()
  const tools = useTools()
  return (name) => tools.data?.find((tool) => tool.name === name)?.about[language] ?? name
}
