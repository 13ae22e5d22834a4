"""Reading portals: one at a time each, and what a new picture settles by itself."""
