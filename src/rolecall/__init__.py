"""Rolecall: self-hosted access governance for HubSpot."""
