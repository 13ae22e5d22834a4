"""MCP: an assistant may look, explain, plan and ask; no tool changes access. Needs the extra `mcp`."""
