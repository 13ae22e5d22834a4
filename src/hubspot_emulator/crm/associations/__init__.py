"""Associations: which CRM records belong together, and as what. Users take no part in them."""
