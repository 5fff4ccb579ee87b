DROP TABLE city.notify_mark;
DROP TABLE city.push_key;
DROP TABLE city.push_subscription;
DROP TABLE city.notification_setting;
DROP TABLE city.notification;
