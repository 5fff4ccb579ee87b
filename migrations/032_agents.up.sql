-- What an agent is besides its name: {avatar, languages, template, without, model, tools, knowledge, limits}.
alter table agents.agent add column profile jsonb not null default '{}';

alter table agents.prompt drop constraint prompt_kind_check;
alter table agents.prompt add constraint prompt_kind_check check (kind in ('core', 'safety', 'governance', 'tools'));
alter table agents.prompt add column author text;
-- The version whose words were brought back.
alter table agents.prompt add column restores integer;

-- What an agent may do. Never changed: the newest version is in force, and none means nothing but reading where it is asked.
create table agents.mandate (
  agent text not null references agents.agent (id) on delete cascade,
  version integer not null check (version > 0),
  mandate jsonb not null,
  author text,
  created_at timestamptz not null,
  primary key (agent, version)
);

alter table agents.step drop constraint step_kind_check;
alter table agents.step add constraint step_kind_check check (kind in ('parts', 'retrieve', 'memory', 'model', 'tool', 'approval', 'rules'));
-- Which call of the model a tool's step answers.
alter table agents.step add column call text;
-- What a run goes on from after a crash: what the model said and called, what a tool gave.
alter table agents.step add column output jsonb;

-- Why a run stopped before the model was done with it, where it did.
alter table agents.run add column stopped text;

create table agents.approval (
  id text primary key,
  run text not null references agents.run (id) on delete cascade,
  call text not null,
  agent text not null references agents.agent (id),
  -- Who is asked: a principal.
  asker text not null,
  room text,
  tool text not null,
  input jsonb not null,
  state text not null check (state in ('waiting', 'approved', 'refused', 'expired', 'cancelled')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  unique (run, call)
);
create index approval_waiting on agents.approval (asker, created_at) where state = 'waiting';

-- A tool that an agent may use in a room without asking each time.
create table agents.standing_grant (
  agent text not null references agents.agent (id) on delete cascade,
  room text not null,
  tool text not null,
  author text not null,
  created_at timestamptz not null,
  primary key (agent, room, tool)
);

-- What an agent keeps for itself. `scope` is where it was learnt, and the only place where it is known: room:<id> or asker:<id>.
create table agents.memory (
  id text primary key,
  agent text not null references agents.agent (id) on delete cascade,
  scope text not null,
  text text not null,
  run text,
  message text,
  created_at timestamptz not null
);
create index memory_of_scope on agents.memory (agent, scope, created_at);
