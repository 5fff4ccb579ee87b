-- A run that another run asked for: `call` is the caller's tool call that it answers, `chain` the agents that lead to it, the outermost first.
alter table agents.run add column parent text references agents.run (id) on delete cascade;
alter table agents.run add column call text;
alter table agents.run add column chain jsonb not null default '[]';
-- What the asker themselves wrote, where the run's own question was written by an agent.
alter table agents.run add column origin text;
-- What is left to it of the caller's limits: {tokens, usd}.
alter table agents.run add column budget jsonb;
-- When it is over, whatever its agent is given: the whole tree under one clock.
alter table agents.run add column until timestamptz;
-- What it set out to do: [{n, title, agent, state, run}].
alter table agents.run add column plan jsonb;
-- The versions of the prompts that it was told: {core, safety, governance, tools}.
alter table agents.run add column versions jsonb;
create unique index run_of_call on agents.run (parent, call) where parent is not null;

alter table agents.step drop constraint step_kind_check;
alter table agents.step add constraint step_kind_check check (kind in ('parts', 'retrieve', 'memory', 'model', 'tool', 'approval', 'rules', 'delegate'));

-- What people thought of an answer.
create table agents.feedback (
  run text not null references agents.run (id) on delete cascade,
  principal text not null,
  agent text not null references agents.agent (id),
  verdict text not null check (verdict in ('up', 'down')),
  reason text,
  created_at timestamptz not null,
  primary key (run, principal)
);
create index feedback_of_agent on agents.feedback (agent, created_at);
