-- What makes an agent run by itself: a time, a document, somebody new, a word. With the rights of its owner, in one room.
create table agents.automation (
  id text primary key,
  owner text not null,
  agent text not null references agents.agent (id) on delete cascade,
  room text not null,
  name text not null,
  kind text not null check (kind in ('schedule', 'document', 'member', 'keyword')),
  -- {kind, cron, zone} | {kind, collection} | {kind} | {kind, words}
  trigger jsonb not null,
  task text not null,
  per_hour integer not null check (per_hour > 0),
  state text not null check (state in ('active', 'paused')),
  -- The failure that paused it, or kept it from its last run.
  problem jsonb,
  revision integer not null default 1,
  next_at timestamptz,
  -- Up to which number of the room's log words were looked for.
  place bigint not null default 0,
  created_at timestamptz not null
);
create index automation_of_owner on agents.automation (owner, created_at);
create index automation_waiting on agents.automation (room, kind) where state = 'active';

-- What it ran for, once each: a time, a document, a person, a message. Without a run it was known before, or was let pass.
create table agents.automation_run (
  automation text not null references agents.automation (id) on delete cascade,
  cause text not null,
  run text,
  at timestamptz not null,
  primary key (automation, cause)
);
create index automation_of_run on agents.automation_run (run) where run is not null;
create index automation_runs on agents.automation_run (automation, at);
