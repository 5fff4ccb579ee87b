create schema gateway;

-- What an engine made of some bytes: the same input and options on the same engine is one job.
create table gateway.artefact (
  sha256 text not null,
  kind text not null check (kind in ('transcript', 'ocr', 'parse')),
  engine text not null,
  options text not null,
  result jsonb not null,
  created_at timestamptz not null,
  primary key (sha256, kind, engine, options)
);
