-- 32 bits a number, as the vectors of documents have: PGlite converts each number of 16 by hand, which took ten times as long, for a vector stored and for a question.
drop index city.search_vector_nearest;
alter table city.search_vector alter column embedding type vector(384) using embedding::vector(384);
create index search_vector_nearest on city.search_vector using hnsw (embedding vector_cosine_ops);
