-- That somebody is told of a message. Its words stay in the message alone.
CREATE TABLE city.notification (
  id text PRIMARY KEY,
  principal text NOT NULL,
  message text NOT NULL REFERENCES city.message (id) ON DELETE CASCADE,
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('mention', 'room', 'here', 'reply', 'answer', 'direct', 'message')),
  at timestamptz NOT NULL,
  read_at timestamptz,
  UNIQUE (principal, message)
);
CREATE INDEX notification_principal ON city.notification (principal, id);
CREATE INDEX notification_unread ON city.notification (principal) WHERE read_at IS NULL;
CREATE INDEX notification_message ON city.notification (message);
CREATE INDEX notification_at ON city.notification (at);

-- What each person wants to be told, and when. Who is not in it has the defaults.
CREATE TABLE city.notification_setting (
  principal text PRIMARY KEY,
  level text NOT NULL DEFAULT 'mentions' CHECK (level IN ('all', 'mentions', 'none')),
  -- {from, to, zone}: the times of a day in which nobody is disturbed.
  quiet jsonb,
  do_not_disturb_until timestamptz,
  push boolean NOT NULL DEFAULT true,
  words boolean NOT NULL DEFAULT false,
  digest text NOT NULL DEFAULT 'off' CHECK (digest IN ('off', 'daily', 'weekly')),
  zone text NOT NULL DEFAULT 'UTC',
  -- Grows with each change of the digest: an alarm of an earlier one no longer counts.
  digest_revision integer NOT NULL DEFAULT 0
);

-- Browsers that may be woken.
CREATE TABLE city.push_subscription (
  id text PRIMARY KEY,
  principal text NOT NULL,
  endpoint text NOT NULL UNIQUE,
  p256dh text NOT NULL,
  auth text NOT NULL,
  locale text NOT NULL CHECK (locale IN ('uk', 'en')),
  created_at timestamptz NOT NULL
);
CREATE INDEX push_subscription_principal ON city.push_subscription (principal, id);

-- One row: the city's own key towards push services (RFC 8292); the private one is sealed with the city's secret.
CREATE TABLE city.push_key (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  public_key text NOT NULL,
  private_key text NOT NULL
);

-- How far each room's log was read for what somebody is to be told. What was said before there were notifications tells nobody.
CREATE TABLE city.notify_mark (
  room text PRIMARY KEY REFERENCES city.room (id) ON DELETE CASCADE,
  seq bigint NOT NULL
);
INSERT INTO city.notify_mark (room, seq) SELECT id, seq FROM city.room;
