"""Kafka, and nothing but Kafka: topics, the writer of the ledger, the readers.

Everything that kafka-python raises becomes an error of `ledger.errors` here.
"""
