drop index knowledge.page_failed;
create index vector_of_collection on knowledge.vector (collection, model);
