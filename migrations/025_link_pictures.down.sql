ALTER TABLE city.link_preview DROP COLUMN picture;
