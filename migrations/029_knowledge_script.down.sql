alter table knowledge.chunk drop column script;
