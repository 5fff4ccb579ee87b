import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { z } from 'zod'
import type { Api } from '../api.ts'
import { meQuery } from '../features/auth/session.ts'
import { SearchParams } from '../features/search/query.ts'
import { orUnreachable } from '../ui/piece.tsx'
import { BrokenPage, MissingPage } from './broken.tsx'
import { Shell } from './shell.tsx'

interface Context {
  readonly api: Api
  readonly queries: QueryClient
  /** Brings the words of all pages; a room and the list of rooms need none but the first. */
  readonly everyWord: () => Promise<void>
}

/** A page in a file of its own. Where it does not come, that is a call which reached nobody: the router would open the page anew, even without a line. */
const page: typeof lazyRouteComponent = (load, ...name) =>
  lazyRouteComponent(() => load().catch(orUnreachable), ...name)

const FIRST_SCREENS = /^\/(rooms(\/[^/]+)?)?$/

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  notFoundComponent: MissingPage,
  beforeLoad: async ({ context, location }) => {
    if (!FIRST_SCREENS.test(location.pathname)) await context.everyWord().catch(orUnreachable)
  },
})

const welcome = createRoute({
  getParentRoute: () => root,
  path: '/welcome',
  component: page(() => import('../features/auth/welcome-page.tsx'), 'WelcomePage'),
})
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: z.object({ to: z.string().startsWith('/').optional().catch(undefined) }),
  component: page(() => import('../features/auth/sign-in-page.tsx'), 'SignInPage'),
})
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: page(() => import('../features/auth/invitation-page.tsx'), 'InvitationPage'),
})
const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  component: page(() => import('../features/account/sign-up-page.tsx'), 'SignUpPage'),
})
const forgotten = createRoute({
  getParentRoute: () => root,
  path: '/forgotten',
  component: page(() => import('../features/account/forgotten-page.tsx'), 'ForgottenPage'),
})
const newPassword = createRoute({
  getParentRoute: () => root,
  path: '/new-password',
  component: page(() => import('../features/account/new-password-page.tsx'), 'NewPasswordPage'),
})
const verify = createRoute({
  getParentRoute: () => root,
  path: '/verify',
  component: page(() => import('../features/account/proof-page.tsx'), 'VerifyPage'),
})
const confirm = createRoute({
  getParentRoute: () => root,
  path: '/confirm',
  component: page(() => import('../features/account/new-password-page.tsx'), 'ConfirmPage'),
})

/** Everything behind the door: whoever is not signed in is sent to it and brought back afterwards. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ context, location }) => {
    const me = await context.queries.ensureQueryData(meQuery(context.api))
    if (!me) throw redirect({ to: '/sign-in', search: { to: location.href } })
  },
  component: Shell,
})
const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: page(() => import('../features/city/home-page.tsx'), 'HomePage'),
})
const rooms = createRoute({
  getParentRoute: () => inside,
  path: '/rooms',
  component: page(() => import('../features/city/rooms-page.tsx'), 'RoomsPage'),
})
const room = createRoute({
  getParentRoute: () => inside,
  path: '/rooms/$room',
  validateSearch: z.object({ message: z.string().optional().catch(undefined) }),
  component: page(() => import('../features/city/room-page.tsx'), 'RoomPage'),
})
const roomSettings = createRoute({
  getParentRoute: () => inside,
  path: '/rooms/$room/settings',
  component: page(() => import('../features/rooms/settings-page.tsx'), 'RoomSettingsPage'),
})
const directory = createRoute({
  getParentRoute: () => inside,
  path: '/directory',
  component: page(() => import('../features/rooms/directory-page.tsx'), 'DirectoryPage'),
})
const people = createRoute({
  getParentRoute: () => inside,
  path: '/people',
  component: page(() => import('../features/people/people-page.tsx'), 'PeoplePage'),
})
const feed = createRoute({
  getParentRoute: () => inside,
  path: '/feed',
  component: page(() => import('../features/feed/feed-page.tsx'), 'FeedPage'),
})
const map = createRoute({
  getParentRoute: () => inside,
  path: '/map',
  component: page(() => import('../features/map/map-page.tsx'), 'MapPage'),
})
const moderation = createRoute({
  getParentRoute: () => inside,
  path: '/moderation',
  component: page(() => import('../features/moderation/moderation-page.tsx'), 'ModerationPage'),
})
const join = createRoute({
  getParentRoute: () => inside,
  path: '/join',
  component: page(() => import('../features/rooms/join-page.tsx'), 'JoinPage'),
})
const permalink = createRoute({
  getParentRoute: () => inside,
  path: '/rooms/$room/$message',
  beforeLoad: ({ params: { room, message } }) => {
    throw redirect({ to: '/rooms/$room', params: { room }, search: { message }, replace: true })
  },
})
const kept = () => import('../features/messages/kept-pages.tsx')
const mentions = createRoute({
  getParentRoute: () => inside,
  path: '/mentions',
  component: page(kept, 'MentionsPage'),
})
const saved = createRoute({
  getParentRoute: () => inside,
  path: '/saved',
  component: page(kept, 'SavedPage'),
})
const scheduled = createRoute({
  getParentRoute: () => inside,
  path: '/scheduled',
  component: page(kept, 'ScheduledPage'),
})
const document = createRoute({
  getParentRoute: () => inside,
  path: '/documents/$document',
  validateSearch: z.object({
    page: z.coerce.number().int().min(1).optional().catch(undefined),
    quote: z.string().max(2_000).optional().catch(undefined),
  }),
  component: page(() => import('../features/knowledge/document-page.tsx'), 'DocumentPage'),
})
const search = createRoute({
  getParentRoute: () => inside,
  path: '/search',
  validateSearch: SearchParams,
  component: page(() => import('../features/search/search-page.tsx'), 'SearchPage'),
})
const operator = createRoute({
  getParentRoute: () => inside,
  path: '/operator',
  component: page(() => import('../features/operator/operator-page.tsx'), 'OperatorPage'),
})
const routers = createRoute({
  getParentRoute: () => inside,
  path: '/operator/routers',
  component: page(() => import('../features/operator/routers-page.tsx'), 'RoutersPage'),
})
const languageModels = createRoute({
  getParentRoute: () => inside,
  path: '/operator/models',
  component: page(() => import('../features/operator/llm-page.tsx'), 'LlmPage'),
})
const account = createRoute({
  getParentRoute: () => inside,
  path: '/account',
  component: page(() => import('../features/auth/account-page.tsx'), 'AccountPage'),
})
const security = createRoute({
  getParentRoute: () => inside,
  path: '/account/security',
  component: page(() => import('../features/account/security-page.tsx'), 'SecurityPage'),
})
const links = createRoute({
  getParentRoute: () => inside,
  path: '/account/links',
  component: page(() => import('../features/account/links-page.tsx'), 'LinksPage'),
})
const data = createRoute({
  getParentRoute: () => inside,
  path: '/account/data',
  component: page(() => import('../features/transfers/data-page.tsx'), 'DataPage'),
})
const imports = createRoute({
  getParentRoute: () => inside,
  path: '/account/imports',
  component: page(() => import('../features/transfers/imports-page.tsx'), 'ImportsPage'),
})
const administration = createRoute({
  getParentRoute: () => inside,
  path: '/account/people',
  component: page(() => import('../features/rights/administration-page.tsx'), 'AdministrationPage'),
})
const audit = createRoute({
  getParentRoute: () => inside,
  path: '/account/audit',
  component: page(() => import('../features/rights/audit-page.tsx'), 'AuditPage'),
})
const device = createRoute({
  getParentRoute: () => inside,
  path: '/account/device',
  component: page(() => import('../features/device/device-page.tsx'), 'DevicePage'),
})

const multimodal = createRoute({
  getParentRoute: () => inside,
  path: '/multimodal',
  component: lazyRouteComponent(() => import('../features/multimodal/multimodal-page.tsx'), 'MultimodalPage'),
})
const knowledge = createRoute({
  getParentRoute: () => inside,
  path: '/knowledge',
  component: page(() => import('../features/knowledge/knowledge-page.tsx'), 'KnowledgePage'),
})
const agents = createRoute({
  getParentRoute: () => inside,
  path: '/agents',
  component: page(() => import('../features/agents/agents-page.tsx'), 'AgentsPage'),
})
const servers = createRoute({
  getParentRoute: () => inside,
  path: '/agents/servers',
  validateSearch: z.object({
    state: z.string().optional().catch(undefined),
    code: z.string().optional().catch(undefined),
  }),
  component: page(() => import('../features/agents/servers-page.tsx'), 'ServersPage'),
})
const automations = createRoute({
  getParentRoute: () => inside,
  path: '/agents/automations',
  component: page(() => import('../features/agents/automations-page.tsx'), 'AutomationsPage'),
})
const agent = createRoute({
  getParentRoute: () => inside,
  path: '/agents/$agent',
  component: page(() => import('../features/agents/agent-page.tsx'), 'AgentPage'),
})
const run = createRoute({
  getParentRoute: () => inside,
  path: '/runs/$run',
  component: page(() => import('../features/agents/run-page.tsx'), 'RunPage'),
})
const notifications = createRoute({
  getParentRoute: () => inside,
  path: '/notifications',
  component: page(() => import('../features/notifications/notifications-page.tsx'), 'NotificationsPage'),
})
const notificationSettings = createRoute({
  getParentRoute: () => inside,
  path: '/account/notifications',
  component: page(
    () => import('../features/notifications/notification-settings-page.tsx'),
    'NotificationSettingsPage',
  ),
})

const tree = root.addChildren([
  welcome,
  signIn,
  invitation,
  signUp,
  forgotten,
  newPassword,
  verify,
  confirm,
  inside.addChildren([
    home,
    rooms,
    room,
    permalink,
    mentions,
    saved,
    scheduled,
    roomSettings,
    directory,
    people,
    feed,
    map,
    moderation,
    join,
    document,
    search,
    operator,
    routers,
    languageModels,
    account,
    security,
    links,
    data,
    imports,
    device,
    multimodal,
    knowledge,
    agents,
    servers,
    automations,
    agent,
    run,
    notifications,
    notificationSettings,
    administration,
    audit,
  ]),
])

/** Every address of the page. */
export function createRoutes(context: Context) {
  return createRouter({
    routeTree: tree,
    context,
    defaultErrorComponent: BrokenPage,
    defaultPreload: false,
    scrollRestoration: false,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createRoutes>
  }
}
