create schema router;
create schema router_v2;

-- How the front splits: one row, changed by those who run the city.
create table router.setting (
  one boolean primary key default true check (one),
  -- How many of a hundred askers v2 answers.
  weight integer not null check (weight between 0 and 100),
  -- How many of a hundred requests both are asked.
  shadow integer not null check (shadow between 0 and 100),
  changed_by text,
  changed_at timestamptz not null
);

-- What both routers said of the same request, where both were asked: no word of it, only how the answers differ.
create table router.difference (
  id text primary key,
  at timestamptz not null,
  same boolean not null,
  answered text not null check (answered in ('v1', 'v2')),
  fields jsonb not null,
  took_v1_ms integer,
  took_v2_ms integer
);
create index difference_at on router.difference (at);

-- Repeats of a request under one key have one effect and one answer.
create table router.once (
  principal text not null,
  key text not null,
  digest text not null,
  token text not null,
  state text not null check (state in ('working', 'done', 'failed')),
  holder text not null,
  lease_until timestamptz not null,
  answer jsonb,
  expires_at timestamptz not null,
  primary key (principal, key)
);
create index once_expires on router.once (expires_at);

create table router_v2.once (
  principal text not null,
  key text not null,
  digest text not null,
  token text not null,
  state text not null check (state in ('working', 'done', 'failed')),
  holder text not null,
  lease_until timestamptz not null,
  answer jsonb,
  expires_at timestamptz not null,
  primary key (principal, key)
);
create index once_expires on router_v2.once (expires_at);

-- What was asked and answered in a session of a program: the later questions know of it.
create table router_v2.turn (
  id text primary key,
  principal text not null,
  session text not null,
  agent text not null,
  asked text not null,
  answered text not null,
  at timestamptz not null
);
create index turn_of_session on router_v2.turn (principal, session, id);
create index turn_at on router_v2.turn (at);
