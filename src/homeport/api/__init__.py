"""One file per noun: its routes, relative to /api/v1. Each module with a `router` is mounted by `app.py`."""
