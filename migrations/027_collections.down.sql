drop table knowledge.source_page;
drop table knowledge.source;
-- Without them there are rooms alone.
delete from knowledge.collection where room is null;
delete from knowledge.document where added_by is not null or replaced_by is not null;
alter table knowledge.chunk drop column head_chars;
alter table knowledge.page drop column place, drop column markdown;
drop table knowledge.sketch_band;
drop index knowledge.document_waiting;
alter table knowledge.document
  drop column name, drop column added_by, drop column source, drop column url, drop column series, drop column version,
  drop column replaced_by, drop column sketch, drop column near, drop column near_share;
alter table knowledge.collection drop constraint collection_of_one, drop column owner, drop column name;
