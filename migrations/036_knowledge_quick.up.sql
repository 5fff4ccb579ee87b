-- The index of collection, model and script begins with the same columns.
drop index knowledge.vector_of_collection;
-- What was not read is told with every search.
create index page_failed on knowledge.page (document, number) where state = 'failed';
