"""Evidence as files an auditor can check alone: tables, pages, manifest, signature, verifier.

Takes domain values and gives bytes; reads no store and decides nothing.
"""
