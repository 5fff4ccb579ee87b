-- How fast one may write in a room, 0 for as fast as one likes; and which wording of its filter is in force.
ALTER TABLE city.room ADD COLUMN slow_seconds integer NOT NULL DEFAULT 0 CHECK (slow_seconds BETWEEN 0 AND 21600);
ALTER TABLE city.room ADD COLUMN filter_version integer NOT NULL DEFAULT 0;

CREATE TABLE city.room_filter (
  room text PRIMARY KEY REFERENCES city.room (id) ON DELETE CASCADE,
  rules jsonb NOT NULL
);

-- One row: what holds in every room.
CREATE TABLE city.policy (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  version integer NOT NULL DEFAULT 0,
  rules jsonb NOT NULL DEFAULT '[]',
  newcomers jsonb NOT NULL DEFAULT '{"days":0,"messages":0,"perMinute":0,"links":true,"files":true}'
);
INSERT INTO city.policy DEFAULT VALUES;

-- When somebody became a resident.
CREATE TABLE city.arrival (
  principal text PRIMARY KEY,
  at timestamptz NOT NULL
);

-- Who may not write in a room, or not be in it. Lifted, never deleted.
CREATE TABLE city.sanction (
  id text PRIMARY KEY,
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  principal text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('mute', 'ban')),
  reason text NOT NULL,
  until timestamptz CHECK ((kind = 'mute') = (until IS NOT NULL)),
  made_by text NOT NULL,
  made_at timestamptz NOT NULL,
  lifted_by text,
  lifted_at timestamptz
);
CREATE UNIQUE INDEX sanction_open ON city.sanction (room, principal, kind) WHERE lifted_at IS NULL;
CREATE INDEX sanction_principal ON city.sanction (principal, made_at);

-- What waits for a moderator: reports, messages held back, appeals. Words of others are kept until it is settled.
CREATE TABLE city.report (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('message', 'person', 'filter', 'held', 'appeal')),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'settled')),
  room text REFERENCES city.room (id) ON DELETE CASCADE,
  message text,
  part integer,
  subject text NOT NULL,
  reporter text,
  reason text,
  words text NOT NULL DEFAULT '',
  kept text,
  -- What was held back, as it will be when it is let through.
  body jsonb,
  client_id text,
  sanction text REFERENCES city.sanction (id) ON DELETE CASCADE,
  outcome text,
  answer text,
  taken_by text,
  settled_by text,
  settled_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX report_message ON city.report (reporter, message) WHERE kind = 'message' AND state <> 'settled';
CREATE UNIQUE INDEX report_person ON city.report (reporter, subject, (coalesce(room, ''))) WHERE kind = 'person' AND state <> 'settled';
CREATE UNIQUE INDEX report_filter ON city.report (message, (coalesce(part, -1))) WHERE kind = 'filter' AND state <> 'settled';
CREATE UNIQUE INDEX report_held ON city.report (subject, room, client_id) WHERE kind = 'held';
CREATE UNIQUE INDEX report_appeal ON city.report (sanction) WHERE kind = 'appeal';
CREATE INDEX report_waiting ON city.report (room, id) WHERE state <> 'settled';
CREATE INDEX report_about ON city.report (message) WHERE message IS NOT NULL;

-- Everything moderators did, for ever.
CREATE TABLE city.moderation_log (
  id text PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text,
  room text,
  message text,
  reason text,
  until timestamptz
);
CREATE INDEX moderation_log_room ON city.moderation_log (room, id);
CREATE FUNCTION city.moderation_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'city.moderation_log is append-only';
END $$;
CREATE TRIGGER moderation_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON city.moderation_log
  FOR EACH STATEMENT EXECUTE FUNCTION city.moderation_log_is_append_only();
