ALTER TABLE auth.principal DROP COLUMN erased_at;
DROP TABLE city.imported;
DROP TABLE city.imported_room;
DROP TABLE city.import;
DROP TABLE city.export;
