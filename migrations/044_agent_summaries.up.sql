-- What was said in a talk before what an agent reads word by word. `thread` is '' for the talk of the room itself.
create table agents.summary (
  agent text not null references agents.agent (id) on delete cascade,
  room text not null,
  thread text not null,
  text text not null,
  -- The number of the newest message it tells of, and the greatest id among all of them.
  upto bigint not null,
  last_message text not null,
  -- How many messages it tells of, and since when.
  messages integer not null,
  since timestamptz not null,
  model text not null,
  made_at timestamptz not null,
  primary key (agent, room, thread)
);
create index summary_of_room on agents.summary (room);

alter table agents.step drop constraint step_kind_check;
alter table agents.step add constraint step_kind_check check (kind in ('parts', 'retrieve', 'memory', 'model', 'tool', 'approval', 'rules', 'delegate', 'summary'));
