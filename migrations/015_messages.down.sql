ALTER TABLE knowledge.document DROP COLUMN cited_at;
DROP INDEX agents.run_of_message;
DROP TABLE agents.erased, knowledge.erased, gateway.erased;
DROP TABLE city.draft, city.scheduled, city.vote, city.poll, city.saved, city.mention, city.thread_mark, city.pin, city.reaction, city.edit;
DELETE FROM city.event WHERE type NOT IN ('message', 'part', 'runs');
DROP INDEX city.message_thread, city.message_forwarded;
ALTER TABLE city.message
  DROP COLUMN edited_at, DROP COLUMN deleted_at, DROP COLUMN deleted_by, DROP COLUMN deleted_reason, DROP COLUMN thread,
  DROP COLUMN forwarded_from, DROP COLUMN forwarded_room, DROP COLUMN forwarded_author, DROP COLUMN forwarded_at, DROP COLUMN dressed;
ALTER TABLE city.event DROP COLUMN detail;
ALTER TABLE city.event ADD CONSTRAINT event_type_check CHECK (type IN ('message', 'part', 'runs'));
