"""HubSpot's CRM: records, property definitions and search, as far as access governance needs."""
