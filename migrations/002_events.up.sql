create schema events;

-- What happened, written in the transaction that made it so. It is the truth of events: what carries them may lose them.
create table events.outbox (
  id text primary key,
  name text not null,
  version integer not null,
  at timestamptz not null,
  principal text,
  room text,
  seq bigint,
  request_id text,
  data jsonb not null,
  -- Not handled before this; null is at once.
  available_at timestamptz,
  -- Until when a process is busy carrying it out of here.
  claimed_until timestamptz,
  relayed_at timestamptz
);
create index outbox_waiting on events.outbox (id) where relayed_at is null;
create index outbox_relayed on events.outbox (relayed_at) where relayed_at is not null;

-- One row per event and consumer: its inbox, and the queue of its jobs.
create table events.delivery (
  consumer text not null,
  event_id text not null,
  envelope jsonb not null,
  state text not null default 'pending' check (state in ('pending', 'running', 'done', 'dead')),
  attempts integer not null default 0,
  -- How many processes died while they handled it.
  kills integer not null default 0,
  available_at timestamptz not null,
  -- The life of a process that handles it, and until when it is believed to live.
  owner text,
  leased_until timestamptz,
  -- The last failure: kind, code, message, params.
  error jsonb,
  settled_at timestamptz,
  primary key (consumer, event_id)
);
create index delivery_pending on events.delivery (consumer, available_at, event_id) where state = 'pending';
create index delivery_running on events.delivery (owner) where state = 'running';
create index delivery_done on events.delivery (settled_at) where state = 'done';
create index delivery_dead on events.delivery (settled_at) where state = 'dead';
