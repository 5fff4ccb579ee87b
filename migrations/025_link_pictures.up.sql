-- The picture of a page that a message names, made small by us (WebP): it comes and goes with what the page says of itself.
ALTER TABLE city.link_preview ADD COLUMN picture bytea;
