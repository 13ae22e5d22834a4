"""Who may view, edit and communicate with a CRM record: the only API that hints at permissions."""
