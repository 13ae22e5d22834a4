"""CRM search: filter groups, sorts, free text, paging by offset up to 10,000."""
