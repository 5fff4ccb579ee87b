drop index city.part_document;
drop table city.message_link, city.link_preview, city.search_model, city.search_vector, city.search_word, city.search_entry, city.search_mark;
