"""Who is in a portal and what they hold, now and on earlier days."""
