-- Archives that somebody asked for: written by a durable job, given to the asker alone, gone after a day.
CREATE TABLE city.export (
  id text PRIMARY KEY,
  principal text NOT NULL,
  what text NOT NULL CHECK (what IN ('me', 'room')),
  room text REFERENCES city.room (id) ON DELETE CASCADE,
  format text NOT NULL CHECK (format IN ('json', 'markdown', 'html')),
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  done integer NOT NULL DEFAULT 0,
  total integer NOT NULL DEFAULT 0,
  blob text,
  size_bytes bigint,
  error jsonb,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  CHECK ((what = 'room') = (room IS NOT NULL))
);
CREATE INDEX export_principal ON city.export (principal, id);

-- Archives of other places, taken in by a durable job that begins again where it was killed.
CREATE TABLE city.import (
  id text PRIMARY KEY,
  principal text NOT NULL,
  name text NOT NULL,
  -- Null once it is over: the archive is not kept.
  blob text,
  source text CHECK (source IN ('slack', 'mattermost', 'telegram')),
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  done integer NOT NULL DEFAULT 0,
  total integer NOT NULL DEFAULT 0,
  report jsonb,
  error jsonb,
  created_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX import_created ON city.import (id);

-- Which room a place elsewhere became: the same one again goes on in it.
CREATE TABLE city.imported_room (
  principal text NOT NULL,
  source text NOT NULL,
  place text NOT NULL,
  room text NOT NULL UNIQUE REFERENCES city.room (id) ON DELETE CASCADE,
  PRIMARY KEY (principal, source, place)
);

-- What says of a message that it was said elsewhere. Its author, name and moment there stand in the message itself.
CREATE TABLE city.imported (
  message text PRIMARY KEY REFERENCES city.message (id) ON DELETE CASCADE,
  source text NOT NULL,
  import text NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX imported_import ON city.imported (import);

-- An erased person is a principal without a name, an address or a way in, for ever.
ALTER TABLE auth.principal ADD COLUMN erased_at timestamptz;
