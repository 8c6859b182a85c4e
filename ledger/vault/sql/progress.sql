-- How far each sealer came. The vault holds it, because the sealer has no business in the store.

-- name: initialise
-- The row of an inbox partition seen for the first time.
INSERT INTO sealer_progress (topic, partition, next_offset) VALUES (%(topic)s, %(partition)s, %(next_offset)s)
ON CONFLICT DO NOTHING;

-- name: load
-- Progress of one inbox partition.
SELECT next_offset, trying_offset, trying_until, attempts FROM sealer_progress
WHERE topic = %(topic)s AND partition = %(partition)s;

-- name: load_chain
-- The last source position sent to each ledger partition.
SELECT ledger_partition, source_offset, part FROM sealer_chain
WHERE topic = %(topic)s AND partition = %(partition)s;

-- name: positions
-- How far the sealers came, in every inbox partition.
SELECT topic, partition, next_offset FROM sealer_progress;

-- name: advance
-- Compare-and-swap of the position; what was being tried is done.
UPDATE sealer_progress
SET next_offset = %(new_next)s, trying_offset = NULL, trying_until = NULL, attempts = 0
WHERE topic = %(topic)s AND partition = %(partition)s AND next_offset = %(expected_next)s;

-- name: advance_chain
-- Moves chains forward; a chain that would go back is left alone and so not counted.
INSERT INTO sealer_chain (topic, partition, ledger_partition, source_offset, part)
SELECT %(topic)s, %(partition)s, ledger_partition, source_offset, part
FROM unnest(%(ledger_partitions)s::integer[], %(offsets)s::bigint[], %(parts)s::integer[])
    AS sent (ledger_partition, source_offset, part)
ORDER BY ledger_partition
ON CONFLICT (topic, partition, ledger_partition) DO UPDATE
    SET source_offset = excluded.source_offset, part = excluded.part
    WHERE (sealer_chain.source_offset, sealer_chain.part) <= (excluded.source_offset, excluded.part);

-- name: answer_before_disk
-- This transaction's commit may be lost if the database server itself crashes in the next half second.
SET LOCAL synchronous_commit = off;

-- name: mark_trying
-- Counts an attempt before it is made; another offset starts at one.
UPDATE sealer_progress
SET attempts = CASE WHEN trying_offset = %(offset)s THEN attempts + 1 ELSE 1 END,
    trying_offset = %(offset)s, trying_until = %(until)s
WHERE topic = %(topic)s AND partition = %(partition)s
RETURNING attempts;

-- name: clear_trying
-- Nothing is being tried.
UPDATE sealer_progress SET trying_offset = NULL, trying_until = NULL, attempts = 0
WHERE topic = %(topic)s AND partition = %(partition)s;
