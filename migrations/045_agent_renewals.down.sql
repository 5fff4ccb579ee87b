alter table agents.mcp_server drop column renewing;
