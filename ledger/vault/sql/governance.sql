-- What the vault has applied of the ledger's governance partition.

-- name: position
-- The next offset of ledger partition 0 to apply, and whether subjects wait to be forgotten.
SELECT next_offset, EXISTS (SELECT FROM forget_after) FROM governance_position;

-- name: not_kept
-- For each class that was set to 0 days: since when, and when the first other setting after that took effect, null
-- when none did; the first of those with the same end. Of two settings of one moment the later in the log holds.
SELECT controller, retention_class, min(occurred_at), set_again_at
FROM (
    SELECT zero.controller, zero.retention_class, zero.occurred_at,
           (SELECT later.occurred_at FROM retention_setting AS later
            WHERE later.controller = zero.controller AND later.retention_class = zero.retention_class
              AND later.days > 0
              AND (later.occurred_at, later.ledger_offset) > (zero.occurred_at, zero.ledger_offset)
            ORDER BY later.occurred_at, later.ledger_offset
            LIMIT 1) AS set_again_at
    FROM retention_setting AS zero WHERE zero.days = 0
) AS zero
GROUP BY controller, retention_class, set_again_at
ORDER BY controller, retention_class, min(occurred_at);

-- name: advance
-- Compare-and-swap of the position.
UPDATE governance_position SET next_offset = %(new_next)s WHERE next_offset = %(expected_next)s;

-- name: add_settings
-- Settings of a batch; a fact that is there already, a publisher's repeat, changes nothing.
INSERT INTO retention_setting (fact, controller, retention_class, days, occurred_at, ledger_offset)
SELECT * FROM unnest(
    %(facts)s::uuid[], %(controllers)s::text[], %(classes)s::text[], %(days)s::integer[],
    %(occurred_at)s::bigint[], %(offsets)s::bigint[]
)
ON CONFLICT DO NOTHING;

-- name: not_forgotten
-- Which of these subjects identifiers may still lead to.
SELECT subject FROM subject WHERE subject = ANY (%(subjects)s::uuid[]) AND forgotten_at IS NULL;

-- name: add_waits
-- Subjects to be forgotten once each inbox partition is sealed up to these offsets; the first such offsets stand.
INSERT INTO forget_after (subject, topic, partition, next_offset)
SELECT subject, topic, partition, next_offset
FROM unnest(%(subjects)s::uuid[]) AS waiting (subject)
CROSS JOIN unnest(%(topics)s::text[], %(partitions)s::integer[], %(offsets)s::bigint[])
    AS sealed_up_to (topic, partition, next_offset)
ON CONFLICT DO NOTHING;

-- name: due_to_forget
-- Subjects that no record still to be sealed may need to reach.
SELECT DISTINCT subject FROM forget_after AS due
WHERE NOT EXISTS (
    SELECT FROM forget_after AS wait
    LEFT JOIN sealer_progress USING (topic, partition)
    WHERE wait.subject = due.subject AND coalesce(sealer_progress.next_offset, 0) < wait.next_offset
);

-- name: end_wait
-- The subject is forgotten.
DELETE FROM forget_after WHERE subject = %(subject)s;
