-- What others see of a person while they read; who is not in it lets everything be seen.
CREATE TABLE city.live_setting (
  principal text PRIMARY KEY,
  read_receipts boolean NOT NULL
);
