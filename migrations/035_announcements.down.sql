drop table events.announcement;
