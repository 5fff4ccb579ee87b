drop schema knowledge cascade;
