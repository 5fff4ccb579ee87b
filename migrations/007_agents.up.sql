create schema agents;

create table agents.agent (
  id text primary key,
  slug text not null unique,
  name text not null,
  -- What a mention is matched against, lower case: an array of text.
  names jsonb not null,
  -- One sentence in each language: {en, uk}.
  about jsonb not null,
  state text not null check (state in ('draft', 'active', 'paused', 'archived')),
  community_id text,
  created_at timestamptz not null
);

-- A prompt is never changed: a new text is a new version, and the newest is in force.
create table agents.prompt (
  agent text not null references agents.agent (id) on delete cascade,
  kind text not null check (kind in ('core', 'safety', 'governance')),
  version integer not null check (version > 0),
  text text not null,
  created_at timestamptz not null,
  primary key (agent, kind, version)
);

create table agents.run (
  id text primary key,
  agent text not null references agents.agent (id),
  -- A principal.
  asker text not null,
  room text,
  message text,
  -- What it was opened with.
  request jsonb not null,
  -- What was found before the model was asked, so that a try after a crash goes on from there.
  context jsonb,
  state text not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  -- How many times its work was begun; a beginner with an older number stores nothing any more.
  attempt integer not null default 0,
  text text not null default '',
  citations jsonb not null default '[]',
  engine text,
  -- {kind, code, message, params?}
  error jsonb,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz
);
create index run_of_room on agents.run (room, created_at);
create index run_of_asker on agents.run (asker, created_at);
create index run_unfinished on agents.run (created_at) where state in ('queued', 'running');

-- What a run did, for the trace. Steps of an attempt that was interrupted stay.
create table agents.step (
  run text not null references agents.run (id) on delete cascade,
  index integer not null,
  kind text not null check (kind in ('parts', 'retrieve', 'model')),
  state text not null check (state in ('running', 'done', 'failed', 'cancelled')),
  started_at timestamptz not null,
  finished_at timestamptz,
  detail jsonb not null default '{}',
  tokens_in integer not null default 0,
  tokens_out integer not null default 0,
  cost_usd double precision not null default 0,
  primary key (run, index)
);
