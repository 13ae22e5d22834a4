"""Who can do what, and why: answered from snapshots and dated evidence."""
