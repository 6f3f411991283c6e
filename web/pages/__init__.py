"""The pages, one module a noun: functions from a visit to a response, named in `web/routes.py`."""
