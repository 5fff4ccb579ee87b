-- Broadcasts that must reach every process, also while NATS reaches not all of them: each process looks here too. Kept for some minutes.
create table events.announcement (
  id text primary key,
  -- Which process said it.
  line text not null,
  channel text not null,
  data jsonb not null,
  at timestamptz not null default clock_timestamp()
);
create index announcement_at on events.announcement (at);
