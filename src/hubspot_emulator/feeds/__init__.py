"""Log-in, security and audit feeds of a portal: what was done, when and by whom."""
