import type { Model } from './llm-proxy.contract.ts'
import type { Models, Target } from './models.ts'

/** What can be asked, as `/v1/models` tells it. Of an alias it says what holds whichever of its models answers: what all of them can, the shortest context, the highest price. */
export function listModels({ aliases, targets }: Models): Model[] {
  const shown = (id: string, owned_by: string, of: readonly Target[]): Model => ({
    id,
    object: 'model',
    created: 0,
    owned_by,
    ...known(of),
  })
  return [
    ...[...aliases].map(([id, { use }]) =>
      shown(
        id,
        'daarion',
        use.flatMap(({ model }) => targets.get(model) ?? []),
      ),
    ),
    ...[...targets.values()].map((target) => shown(target.id, target.provider, [target])),
  ]
}

function known(of: readonly Target[]): Pick<Model, 'kind' | 'capabilities' | 'context' | 'price'> {
  const settings = of.map((target) => target.settings)
  const [first] = settings
  if (!first) return {}
  const contexts = settings.flatMap(({ context }) => context ?? [])
  const prices = settings.flatMap(({ price }) => price ?? [])
  const { capabilities } = first
  const told = settings.every((one) => one.capabilities !== undefined)
  return {
    kind: first.kind,
    ...(told &&
      capabilities && {
        capabilities: capabilities.filter((one) =>
          settings.every(({ capabilities: all }) => all?.includes(one)),
        ),
      }),
    ...(contexts.length > 0 && { context: Math.min(...contexts) }),
    ...(prices.length > 0 && {
      price: {
        in: Math.max(...prices.map(({ input }) => input)),
        out: Math.max(...prices.map(({ output }) => output)),
      },
    }),
  }
}
