CREATE SCHEMA city;

-- `seq` is the number of the room's last event. It grows only under this row's lock, in the transaction that stores the event.
CREATE TABLE city.room (
  id text PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  visibility text NOT NULL CHECK (visibility IN ('public', 'private', 'direct')),
  reply_policy jsonb NOT NULL,
  seq bigint NOT NULL DEFAULT 0,
  -- The person whose own room with an agent this is.
  direct_of text UNIQUE,
  community_id text,
  created_by text,
  created_at timestamptz NOT NULL
);
CREATE INDEX room_public ON city.room (id) WHERE visibility = 'public';

CREATE TABLE city.member (
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  principal text NOT NULL,
  membership text NOT NULL CHECK (membership IN ('owner', 'member')),
  joined_at timestamptz NOT NULL,
  PRIMARY KEY (room, principal)
);
CREATE INDEX member_principal ON city.member (principal, room);

CREATE TABLE city.read_mark (
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  principal text NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (room, principal)
);

-- An id per upload, a blob per sha256.
CREATE TABLE city.file (
  id text PRIMARY KEY,
  owner text NOT NULL,
  sha256 text NOT NULL,
  name text NOT NULL,
  mime text NOT NULL,
  size_bytes bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('audio', 'image', 'document', 'other')),
  width integer,
  height integer,
  duration_ms double precision,
  pages integer,
  community_id text,
  created_at timestamptz NOT NULL
);
CREATE INDEX file_owner ON city.file (owner);
CREATE INDEX file_sha256 ON city.file (sha256);

-- Smaller pictures of image blobs, themselves blobs.
CREATE TABLE city.thumbnail (
  sha256 text NOT NULL,
  edge integer NOT NULL,
  blob text NOT NULL,
  size_bytes bigint NOT NULL,
  PRIMARY KEY (sha256, edge)
);
CREATE INDEX thumbnail_blob ON city.thumbnail (blob);

-- `seq` is the number of the event that made the message. `client_id` makes a message once, for ever.
CREATE TABLE city.message (
  id text PRIMARY KEY,
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  seq bigint NOT NULL,
  author text NOT NULL,
  author_kind text NOT NULL CHECK (author_kind IN ('person', 'agent', 'service')),
  author_name text NOT NULL,
  client_id text NOT NULL,
  body_hash text NOT NULL,
  text text NOT NULL,
  reply_to text,
  run text,
  citations jsonb,
  engine text,
  created_at timestamptz NOT NULL,
  UNIQUE (author, room, client_id),
  UNIQUE (room, seq)
);

CREATE TABLE city.part (
  message text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  index integer NOT NULL,
  room text NOT NULL,
  type text NOT NULL CHECK (type IN ('audio', 'image', 'file')),
  file text NOT NULL REFERENCES city.file (id),
  state text NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
  -- Grows when a person asks to try again; an outcome of an earlier attempt no longer counts.
  attempt integer NOT NULL DEFAULT 1,
  outcome jsonb NOT NULL DEFAULT '{}',
  corrected boolean NOT NULL DEFAULT false,
  PRIMARY KEY (message, index)
);
CREATE INDEX part_file ON city.part (file);

-- The runs a message called, in order of their ids.
CREATE TABLE city.call (
  run text PRIMARY KEY,
  message text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  agent text NOT NULL,
  name text NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  error jsonb,
  created_at timestamptz NOT NULL
);
CREATE INDEX call_message ON city.call (message, run);

-- The log of each room: gapless, numbered from 1. What a row says is read from the message as it stands.
CREATE TABLE city.event (
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  seq bigint NOT NULL,
  type text NOT NULL CHECK (type IN ('message', 'part', 'runs')),
  message text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  part integer,
  at timestamptz NOT NULL,
  PRIMARY KEY (room, seq)
);
