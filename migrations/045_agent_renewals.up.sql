-- Until when one process alone renews the tokens of a server: a refresh token that is spent twice may end them all.
alter table agents.mcp_server add column renewing timestamptz;
