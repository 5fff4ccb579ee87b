-- The letters a passage is written in, so that what is written in the other alphabet is looked for by itself: vectors of one language lie nearer to each other than to the same thing said in another.
alter table knowledge.chunk add column script text generated always as (
  case when regexp_count(text, '[А-Яа-яІіЇїЄєҐґ]') * 2 > regexp_count(text, '[A-Za-z]') then 'cyrillic' else 'latin' end
) stored;
create index chunk_of_script on knowledge.chunk (collection, script);
