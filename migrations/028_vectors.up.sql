-- Collections of vectors that pgvector keeps: a table of its own for each, `vectors.points_<number>`, since each has its own width and its own index.
create schema vectors;
create table vectors.collection (
  name text primary key,
  number integer generated always as identity unique,
  dimensions integer not null check (dimensions between 1 and 4000),
  distance text not null check (distance in ('cosine', 'dot', 'euclid')),
  -- 16 bits a number instead of 32: half the space and the same order; in PGlite, which must convert them one by one, ten times slower.
  half boolean not null,
  -- Whose vectors these are; null for somebody's own.
  model text
);
create table vectors.alias (
  alias text primary key,
  collection text not null references vectors.collection (name) on delete cascade
);

-- Who has which collection or alias in the gateway. `id` is its name in the store, pgvector or another.
create table gateway.vector_collection (
  id text primary key,
  owner text not null,
  name text not null,
  alias boolean not null,
  -- `making` and `going`: the store may or may not have it; what stays so is taken away.
  state text not null check (state in ('making', 'ready', 'going')),
  dimensions integer,
  distance text,
  model text,
  -- At most so many points.
  points bigint not null default 0,
  created_at timestamptz not null
);
create unique index vector_collection_name on gateway.vector_collection (owner, name) where state <> 'going';
