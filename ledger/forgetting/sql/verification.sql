-- Reading a person's records again, as the store has them.

-- name: stored_records
-- The bytes of every record of a stream that took effect, in order.
SELECT state FROM stored_events WHERE originator_id = %(stream)s ORDER BY originator_version;

-- name: ignored_records
-- The bytes of records without effect that hold the stream's id; the reader looks whether they are the stream's own.
SELECT state FROM ignored_records WHERE position(%(stream_bytes)s IN state) > 0;
