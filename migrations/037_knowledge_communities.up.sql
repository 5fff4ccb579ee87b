-- A community's collection has no room and no owner.
create index collection_of_community on knowledge.collection (community_id) where community_id is not null;
-- What of a room's files is gathered in its collection.
alter table knowledge.collection add column gathers text not null default 'all'
  check (gathers in ('none', 'documents', 'all'));
