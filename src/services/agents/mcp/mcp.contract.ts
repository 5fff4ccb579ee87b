/** What whoever comes to `/mcp` must hold; each tool asks for its own right besides. */
export const MCP_RIGHT = 'agents.mcp.use'
