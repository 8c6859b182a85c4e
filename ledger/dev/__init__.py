"""Embedded services and invented traffic for development, the demo and the tests. Never for production.

`services.EmbeddedServices` gives a broker and a PostgreSQL on this machine; `traffic.day` plans a day of
four invented providers and `publisher` publishes it from a process of its own.
"""
