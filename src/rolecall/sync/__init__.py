"""Reading a portal: connect and probe it, read it resumably, join, check, seal. Never writes there."""
