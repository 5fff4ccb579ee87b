-- What search knows of messages: for each message its own words (part -1) and those of each part, as stems made by us. Kept up with a room's log by `search_mark`.
create table city.search_mark (
  room text primary key references city.room (id) on delete cascade,
  seq bigint not null
);

create table city.search_entry (
  message text not null references city.message (id) on delete cascade,
  part integer not null,
  room text not null,
  kind text not null check (kind in ('message', 'transcript', 'image', 'file')),
  at timestamptz not null,
  words tsvector not null,
  -- Of the text that the words and the vectors were made of.
  digest text not null,
  primary key (message, part)
);
create index search_entry_words on city.search_entry using gin (words);
create index search_entry_room on city.search_entry (room, at);

-- Stems that some entry holds, and each with one letter left out: how a misspelt word finds its right one.
create table city.search_word (
  stem text primary key,
  keys text[] not null
);
create index search_word_keys on city.search_word using gin (keys);

-- Passages of a text as meaning. Vectors of different models do not compare, so each says whose it is; half precision keeps their order.
create table city.search_vector (
  message text not null,
  part integer not null,
  passage integer not null,
  model text not null,
  room text not null,
  digest text not null,
  start_at integer not null,
  end_at integer not null,
  embedding halfvec(384) not null,
  primary key (message, part, model, passage),
  foreign key (message, part) references city.search_entry (message, part) on delete cascade
);
create index search_vector_room on city.search_vector (room, model);
create index search_vector_nearest on city.search_vector using hnsw (embedding halfvec_cosine_ops);

-- The model that questions are asked of, and one that is being built beside it.
create table city.search_model (
  model text primary key,
  state text not null unique check (state in ('live', 'building'))
);

-- A document is found in the rooms where a message holds it.
create index part_document on city.part ((outcome -> 'document' ->> 'id')) where outcome ? 'document';

-- What an address shows of itself: asked for by the first reader of a message that names it, and kept while some message does.
create table city.link_preview (
  url text primary key,
  state text not null check (state in ('pending', 'done', 'failed')),
  title text,
  description text,
  site text,
  asked_at timestamptz not null
);
create table city.message_link (
  message text not null references city.message (id) on delete cascade,
  url text not null references city.link_preview (url) on delete cascade,
  primary key (message, url)
);
create index message_link_url on city.message_link (url);
