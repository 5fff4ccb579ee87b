DROP TABLE city.moderation_log;
DROP FUNCTION city.moderation_log_is_append_only();
DROP TABLE city.report;
DROP TABLE city.sanction;
DROP TABLE city.arrival;
DROP TABLE city.policy;
DROP TABLE city.room_filter;
ALTER TABLE city.room DROP COLUMN filter_version;
ALTER TABLE city.room DROP COLUMN slow_seconds;
