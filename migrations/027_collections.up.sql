-- A collection is a person's own, or what a room knows; later a community's.
alter table knowledge.collection
  add column owner text,
  add column name text not null default '',
  add constraint collection_of_one check (num_nonnulls(owner, room) <= 1);
create index collection_of_owner on knowledge.collection (owner, id) where owner is not null;

-- What a person brought has who brought it; what was only posted in a room has none. Documents of one series are versions of each other, and
-- one that a newer replaced is found only where it is asked for.
alter table knowledge.document
  add column name text not null default '',
  add column added_by text,
  add column source text,
  add column url text,
  add column series text,
  add column version integer not null default 1 check (version > 0),
  add column replaced_by text references knowledge.document (id) on delete set null,
  -- The least hashes of its words, and the document it is nearly the same as.
  add column sketch jsonb,
  add column near text references knowledge.document (id) on delete set null,
  add column near_share real;
create index document_of_series on knowledge.document (collection, series) where series is not null;
create index document_waiting on knowledge.document (state, id) where state <> 'done';
create index document_of_source on knowledge.document (source) where source is not null;
create index document_added_by on knowledge.document (added_by) where added_by is not null;

create table knowledge.sketch_band (
  document text not null references knowledge.document (id) on delete cascade,
  collection text not null,
  band text not null,
  primary key (document, band)
);
create index sketch_band_of_collection on knowledge.sketch_band (collection, band);

alter table knowledge.page
  add column place jsonb,
  add column markdown text;

-- How many characters at the beginning of a passage are the heading row of its table, said again.
alter table knowledge.chunk add column head_chars integer not null default 0;

-- Addresses that are read again and again. What a turn asks for is void once the number stands higher.
create table knowledge.source (
  id text primary key,
  collection text not null references knowledge.collection (id) on delete cascade,
  kind text not null check (kind in ('page', 'site')),
  url text not null,
  every_hours integer check (every_hours > 0),
  state text not null check (state in ('waiting', 'reading', 'done', 'failed')),
  error jsonb,
  turn integer not null default 1,
  pages_total integer,
  added_by text not null,
  created_at timestamptz not null,
  read_at timestamptz,
  next_at timestamptz,
  unique (collection, url)
);

-- The pages of a source, as the last turn found them.
create table knowledge.source_page (
  source text not null references knowledge.source (id) on delete cascade,
  url text not null,
  turn integer not null,
  state text not null check (state in ('waiting', 'done', 'same', 'failed')),
  error jsonb,
  document text references knowledge.document (id) on delete set null,
  primary key (source, url)
);
