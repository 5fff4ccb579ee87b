-- A new kind of numbered event is a line in TypeScript. What an event adds to the message as it stands: who reacted with what.
ALTER TABLE city.event DROP CONSTRAINT event_type_check;
ALTER TABLE city.event ADD COLUMN detail jsonb;

ALTER TABLE city.message
  ADD COLUMN edited_at timestamptz,
  -- A tombstone keeps its number and its author; what it said is gone.
  ADD COLUMN deleted_at timestamptz,
  ADD COLUMN deleted_by text,
  ADD COLUMN deleted_reason text,
  -- The message whose thread this one stands in.
  ADD COLUMN thread text REFERENCES city.message (id) ON DELETE CASCADE,
  -- Of a forward: where it was taken from, and whose words they were.
  ADD COLUMN forwarded_from text,
  ADD COLUMN forwarded_room text,
  ADD COLUMN forwarded_author jsonb,
  ADD COLUMN forwarded_at timestamptz,
  -- Whether a reaction, a pin, a poll or a thread hangs on it: what has none is read without looking for them.
  ADD COLUMN dressed boolean NOT NULL DEFAULT false;
CREATE INDEX message_thread ON city.message (thread, seq) WHERE thread IS NOT NULL;
CREATE INDEX message_forwarded ON city.message (forwarded_from) WHERE forwarded_from IS NOT NULL;

-- What a message said before each edit.
CREATE TABLE city.edit (
  message text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  version integer NOT NULL CHECK (version > 0),
  text text NOT NULL,
  -- When it was said, not when it was replaced.
  at timestamptz NOT NULL,
  PRIMARY KEY (message, version)
);

CREATE TABLE city.reaction (
  message text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  emoji text NOT NULL,
  principal text NOT NULL,
  name text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (message, emoji, principal)
);

CREATE TABLE city.pin (
  message text PRIMARY KEY REFERENCES city.message (id) ON DELETE CASCADE,
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  principal text NOT NULL,
  name text NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX pin_room ON city.pin (room, at);

CREATE TABLE city.thread_mark (
  thread text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  principal text NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (thread, principal)
);

-- Who is called by a message; `*` is everybody who may read the room.
CREATE TABLE city.mention (
  message text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  principal text NOT NULL,
  room text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('name', 'room', 'here')),
  at timestamptz NOT NULL,
  PRIMARY KEY (message, principal)
);
CREATE INDEX mention_principal ON city.mention (principal, message);

CREATE TABLE city.saved (
  principal text NOT NULL,
  message text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  at timestamptz NOT NULL,
  PRIMARY KEY (principal, message)
);

CREATE TABLE city.poll (
  message text PRIMARY KEY REFERENCES city.message (id) ON DELETE CASCADE,
  question text NOT NULL,
  options jsonb NOT NULL,
  multiple boolean NOT NULL,
  anonymous boolean NOT NULL,
  closes_at timestamptz
);
CREATE TABLE city.vote (
  message text NOT NULL REFERENCES city.poll (message) ON DELETE CASCADE,
  principal text NOT NULL,
  option integer NOT NULL,
  name text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (message, principal, option)
);

-- What is to be said later. `revision` grows with each change of time: an alarm of an earlier one no longer counts.
CREATE TABLE city.scheduled (
  id text PRIMARY KEY,
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  principal text NOT NULL,
  body jsonb NOT NULL,
  send_at timestamptz NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'failed')),
  error jsonb,
  created_at timestamptz NOT NULL
);
CREATE INDEX scheduled_principal ON city.scheduled (principal, send_at);

CREATE TABLE city.draft (
  principal text NOT NULL,
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  text text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (principal, room)
);

-- Messages whose words are gone: a run that is opened for one later knows that it must not begin.
CREATE TABLE agents.erased (
  message text PRIMARY KEY,
  at timestamptz NOT NULL
);
CREATE INDEX run_of_message ON agents.run (message);

-- The same for documents and for what engines made.
CREATE TABLE knowledge.erased (
  message text PRIMARY KEY,
  at timestamptz NOT NULL
);
CREATE TABLE gateway.erased (
  message text PRIMARY KEY,
  -- The bytes that were nobody's any more: an array of text.
  blobs jsonb NOT NULL,
  at timestamptz NOT NULL
);

-- When a document was last posted: a deletion of something older does not take it away.
ALTER TABLE knowledge.document ADD COLUMN cited_at timestamptz;
