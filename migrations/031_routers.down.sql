drop schema router_v2 cascade;
drop schema router cascade;
