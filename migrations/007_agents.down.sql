drop schema agents cascade;
