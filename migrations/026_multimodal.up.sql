-- The cache has an end and a size; what it keeps is of more kinds than three.
alter table gateway.artefact drop constraint artefact_kind_check;
alter table gateway.artefact
  add column size_bytes bigint not null default 0,
  add column expires_at timestamptz;
create index artefact_expiry on gateway.artefact (expires_at);

-- Long work that somebody asked for and comes back to.
create table gateway.job (
  id text primary key,
  owner text not null,
  -- Who pays: {key, agent, community}.
  payer jsonb not null,
  type text not null,
  options jsonb not null,
  -- {sha256, mime, name} of what it is about, in the gateway's own store of bytes; null where it is about no file.
  source jsonb,
  state text not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  progress real not null default 0,
  -- Goes up with every change: the id of its events.
  version bigint not null default 1,
  engine text,
  result jsonb,
  error jsonb,
  webhook text,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  expires_at timestamptz
);
create index job_owner on gateway.job (owner, created_at desc);
create index job_expiry on gateway.job (expires_at);

-- What was used, a row a request. `reserved` rows hold a budget while the work goes on.
create table gateway.usage (
  id text primary key,
  at timestamptz not null,
  principal text,
  key text,
  agent text,
  community text,
  type text not null,
  engine text,
  state text not null check (state in ('reserved', 'settled')),
  cached boolean not null,
  unit text not null,
  amount double precision not null,
  bytes bigint not null,
  cost double precision,
  ms bigint not null
);
create index usage_at on gateway.usage (at);
create index usage_key on gateway.usage (key, unit, at) where key is not null;
create index usage_agent on gateway.usage (agent, unit, at) where agent is not null;
create index usage_community on gateway.usage (community, unit, at) where community is not null;

-- So much of a unit in a day or a month; more is refused.
create table gateway.budget (
  subject_kind text not null check (subject_kind in ('key', 'agent', 'community')),
  subject text not null,
  unit text not null,
  period text not null check (period in ('day', 'month')),
  amount double precision not null check (amount >= 0),
  primary key (subject_kind, subject, unit, period)
);
