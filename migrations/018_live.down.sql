DROP TABLE city.live_setting;
