-- What the files of one room, or of one person, may take, where it is not what the city's configuration says.
CREATE TABLE city.room_quota (
  room text PRIMARY KEY REFERENCES city.room (id) ON DELETE CASCADE,
  limit_bytes bigint NOT NULL CHECK (limit_bytes >= 0)
);
CREATE TABLE city.person_quota (
  principal text PRIMARY KEY,
  limit_bytes bigint NOT NULL CHECK (limit_bytes >= 0)
);

-- The session or key a browser was subscribed by: when that ends, so does the waking. Null for those made before.
ALTER TABLE city.push_subscription ADD COLUMN credential text;
CREATE INDEX push_subscription_credential ON city.push_subscription (credential);

-- The invitation somebody asks by, where an address proves itself before its account is made.
ALTER TABLE auth.sign_up ADD COLUMN invitation text;

-- Where a transport keeps its copy of an event: what is emptied here is erased there too. Null where none does, or it is erased.
ALTER TABLE events.outbox ADD COLUMN carried_as bigint;
CREATE INDEX outbox_emptied ON events.outbox (carried_as) WHERE carried_as IS NOT NULL AND data = '{}'::jsonb;
