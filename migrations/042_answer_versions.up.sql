-- An answer: the earlier answer to the same question. A question: the one that was put in other words.
alter table city.message add column replaces text;
