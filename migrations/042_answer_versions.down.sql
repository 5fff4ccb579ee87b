alter table city.message drop column replaces;
