"""Access requests: who may ask, who decides, when it starts and ends. Pure; `now` is given."""
