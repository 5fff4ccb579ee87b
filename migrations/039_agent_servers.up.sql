-- Servers of tools (Model Context Protocol) that agents may use, and what the city holds of them. Those of the operator's file have a row only once something is kept of them; then `url` is null.
create table agents.mcp_server (
  slug text primary key,
  url text,
  auth text not null check (auth in ('none', 'key', 'oauth')),
  -- A key, and what OAuth left (registration, tokens, an authorisation under way): sealed with the city's secret.
  key text,
  grants text,
  -- The digest of the `state` that an authorisation under way comes back with.
  awaited text unique,
  -- What those who run the city said of its tools: {tool: {risk, digest}}.
  risks jsonb not null default '{}',
  author text not null,
  created_at timestamptz not null
);
