"""The console: pages for people. Parses requests, calls services, renders; decides nothing."""
