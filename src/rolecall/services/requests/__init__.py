"""Access requests: asked, answered, begun, ended."""
