create extension if not exists vector;
create schema knowledge;

-- What belongs together and is read under one right: today the documents of a room.
create table knowledge.collection (
  id text primary key,
  room text unique,
  community_id text,
  created_at timestamptz not null
);

create table knowledge.document (
  id text primary key,
  collection text not null references knowledge.collection (id) on delete cascade,
  sha256 text not null,
  title text not null,
  mime text not null,
  size_bytes bigint not null,
  file text,
  state text not null default 'pending' check (state in ('pending', 'done', 'failed')),
  -- How many pages it has, once that is known.
  total integer,
  error jsonb,
  created_at timestamptz not null,
  unique (collection, sha256)
);
create index document_of_collection on knowledge.document (collection, id);

-- The page ledger: one row a page, and the rows of a document add up to its total.
create table knowledge.page (
  document text not null references knowledge.document (id) on delete cascade,
  number integer not null check (number > 0),
  state text not null check (state in ('read', 'ocr', 'empty', 'failed')),
  text text not null,
  error text,
  primary key (document, number)
);

-- A passage of one page: characters start_at…end_at of its text (UTF-16 units). Words are stems, made by us.
create table knowledge.chunk (
  id text primary key,
  document text not null references knowledge.document (id) on delete cascade,
  collection text not null,
  page integer not null,
  ordinal integer not null,
  start_at integer not null,
  end_at integer not null,
  text text not null,
  words tsvector not null,
  unique (document, page, ordinal)
);
create index chunk_of_collection on knowledge.chunk (collection);
create index chunk_words on knowledge.chunk using gin (words);

-- Vectors of different models do not compare, so each says whose it is; while a document is embedded anew both stand.
create table knowledge.vector (
  chunk text not null references knowledge.chunk (id) on delete cascade,
  model text not null,
  document text not null,
  collection text not null,
  embedding vector(384) not null,
  primary key (chunk, model)
);
create index vector_of_document on knowledge.vector (document, model);
create index vector_of_collection on knowledge.vector (collection, model);
create index vector_nearest on knowledge.vector using hnsw (embedding vector_cosine_ops);

-- Which models know the whole of a document, and which are asked to.
create table knowledge.embedded (
  document text not null references knowledge.document (id) on delete cascade,
  model text not null,
  state text not null check (state in ('queued', 'done')),
  primary key (document, model)
);
