-- Batches between their subjects and their progress, and the gate that keeps forgetting apart from them.

-- name: begin
-- Goes through the gate and marks how far a batch reaches; false when a position is not the expected one. See the
-- function, in migration 0008.
SELECT begin_sealing(
    %(class)s::integer, %(key)s::integer,
    %(topics)s::text[], %(partitions)s::integer[], %(expected)s::bigint[], %(untils)s::bigint[]
);

-- name: end
-- Gives the gate back; false when this session does not have it.
SELECT pg_advisory_unlock_shared(%(class)s::integer, %(key)s::integer);

-- name: wait_at_most
-- How long this transaction waits for a lock.
SELECT set_config('lock_timeout', %(milliseconds)s, true);

-- name: close_gate
-- Waits for every batch in flight and lets none begin, until the transaction ends.
SELECT pg_advisory_xact_lock(%(class)s::integer, %(key)s::integer);

-- name: unfinished
-- An inbox partition of which records may have been sent that its position does not know of. A statement of its own
-- after `close_gate`, so that it sees what that one waited for.
SELECT topic, partition FROM sealer_progress WHERE sealing_until > next_offset ORDER BY topic, partition LIMIT 1;
