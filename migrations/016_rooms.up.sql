-- A room says what it is for, who may come in and whether it is closed; `search` is its name and topic as the directory compares them.
ALTER TABLE city.room DROP CONSTRAINT room_visibility_check;
ALTER TABLE city.room ADD CONSTRAINT room_visibility_check CHECK (visibility IN ('public', 'community', 'private', 'direct'));
ALTER TABLE city.room ADD COLUMN topic text NOT NULL DEFAULT '';
ALTER TABLE city.room ADD COLUMN picture text REFERENCES city.file (id) ON DELETE SET NULL;
ALTER TABLE city.room ADD COLUMN joining text NOT NULL DEFAULT 'invited' CHECK (joining IN ('open', 'request', 'invited'));
ALTER TABLE city.room ADD COLUMN archived_at timestamptz;
-- The people of a direct room, sorted: there is one room for each set of them.
ALTER TABLE city.room ADD COLUMN direct_key text UNIQUE;
ALTER TABLE city.room ADD COLUMN search text;
UPDATE city.room SET joining = 'open' WHERE visibility = 'public';
CREATE INDEX room_picture ON city.room (picture) WHERE picture IS NOT NULL;
CREATE INDEX room_listed ON city.room (search, id) WHERE joining <> 'invited';

ALTER TABLE city.member DROP CONSTRAINT member_membership_check;
ALTER TABLE city.member ADD CONSTRAINT member_membership_check CHECK (membership IN ('owner', 'moderator', 'member', 'guest'));
CREATE INDEX member_joined ON city.member (room, joined_at);

-- What one resident keeps about one room; others never see it.
CREATE TABLE city.room_preference (
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  principal text NOT NULL,
  favourite boolean NOT NULL DEFAULT false,
  position integer,
  notify text NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'none')),
  PRIMARY KEY (room, principal)
);
CREATE INDEX room_preference_principal ON city.room_preference (principal);

-- Links into a room. The code itself is known only to whoever holds the link.
CREATE TABLE city.room_invitation (
  id text PRIMARY KEY,
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  code_hash text NOT NULL UNIQUE,
  membership text NOT NULL CHECK (membership IN ('member', 'guest')),
  made_by text NOT NULL,
  uses integer NOT NULL DEFAULT 0,
  max_uses integer NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE INDEX room_invitation_room ON city.room_invitation (room, id);

CREATE TABLE city.join_request (
  room text NOT NULL REFERENCES city.room (id) ON DELETE CASCADE,
  principal text NOT NULL,
  note text NOT NULL DEFAULT '',
  state text NOT NULL CHECK (state IN ('pending', 'accepted', 'refused')),
  created_at timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by text,
  PRIMARY KEY (room, principal)
);
CREATE INDEX join_request_pending ON city.join_request (room, created_at) WHERE state = 'pending';
CREATE INDEX join_request_principal ON city.join_request (principal);

-- When somebody last looked at what happened.
CREATE TABLE city.visit (
  principal text PRIMARY KEY,
  at timestamptz NOT NULL
);
CREATE INDEX feed_message_author ON city.message (author, created_at);

-- The map: a plane of 1000 by 1000.
CREATE TABLE city.district (
  id text PRIMARY KEY,
  name text NOT NULL,
  x integer NOT NULL CHECK (x BETWEEN 0 AND 1000),
  y integer NOT NULL CHECK (y BETWEEN 0 AND 1000),
  width integer NOT NULL CHECK (width BETWEEN 80 AND 1000),
  height integer NOT NULL CHECK (height BETWEEN 80 AND 1000),
  created_at timestamptz NOT NULL
);

CREATE TABLE city.place (
  room text PRIMARY KEY REFERENCES city.room (id) ON DELETE CASCADE,
  district text NOT NULL REFERENCES city.district (id),
  x integer NOT NULL CHECK (x BETWEEN 0 AND 1000),
  y integer NOT NULL CHECK (y BETWEEN 0 AND 1000)
);
CREATE INDEX place_district ON city.place (district);
