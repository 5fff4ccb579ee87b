DROP INDEX events.outbox_emptied;
ALTER TABLE events.outbox DROP COLUMN carried_as;
ALTER TABLE auth.sign_up DROP COLUMN invitation;
ALTER TABLE city.push_subscription DROP COLUMN credential;
DROP TABLE city.person_quota;
DROP TABLE city.room_quota;
