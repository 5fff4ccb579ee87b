drop index city.search_vector_nearest;
alter table city.search_vector alter column embedding type halfvec(384) using embedding::halfvec(384);
create index search_vector_nearest on city.search_vector using hnsw (embedding halfvec_cosine_ops);
