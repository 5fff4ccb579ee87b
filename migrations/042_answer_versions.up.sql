-- Of an answer: the earlier answer to the same question.
alter table city.message add column replaces text;
