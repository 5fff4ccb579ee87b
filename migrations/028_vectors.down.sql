drop table gateway.vector_collection;
drop schema vectors cascade;
