alter table knowledge.collection drop column gathers;
drop index knowledge.collection_of_community;
