"""REST: `/api/v1`, OpenAPI 3.1. Parses and renders; every use case is a service's."""
