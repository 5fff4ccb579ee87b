alter table knowledge.vector drop column script;
alter table knowledge.chunk drop column script;
