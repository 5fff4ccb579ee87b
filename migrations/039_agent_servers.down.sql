drop table agents.mcp_server;
