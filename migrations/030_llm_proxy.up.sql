create schema llm;

-- What may be used by whom; `*` stands for each one of its kind. Dollars are counted in billionths.
create table llm.budget (
  kind text not null check (kind in ('key', 'principal', 'agent', 'community', 'model', 'city')),
  subject text not null,
  per text not null check (per in ('usd_day', 'usd_month', 'tokens_minute', 'requests_minute', 'concurrent')),
  amount bigint not null check (amount >= 0),
  primary key (kind, subject, per)
);

-- What was used of a budget in one day, month or minute.
create table llm.counter (
  budget text not null,
  slot text not null,
  used bigint not null default 0,
  ends_at timestamptz not null,
  primary key (budget, slot)
);
create index counter_ends_at on llm.counter (ends_at);

-- What a process may use of it without asking again.
create table llm.lease (
  process text not null,
  budget text not null,
  slot text not null,
  amount bigint not null,
  ends_at timestamptz not null,
  primary key (process, budget, slot)
);
create index lease_of_budget on llm.lease (budget, slot);

create table llm.process (
  id text primary key,
  seen_at timestamptz not null
);

-- Each answer that was paid for. A reserved one is under way; a lost one was under way when its process died, and is charged as it was reserved.
create table llm.usage (
  id text primary key,
  at timestamptz not null,
  principal text,
  key text,
  agent text,
  community text,
  room text,
  run text,
  kind text not null,
  model text not null,
  provider text not null,
  tokens_in bigint not null default 0,
  tokens_out bigint not null default 0,
  units double precision not null default 0,
  nano_usd bigint not null default 0,
  ms integer not null default 0,
  counted boolean not null default false,
  state text not null check (state in ('reserved', 'settled', 'lost')),
  charges jsonb
);
create index usage_at on llm.usage (at);
create index usage_of_principal on llm.usage (principal) where principal is not null;

create table llm.community (
  community text primary key,
  may_leave boolean not null
);
