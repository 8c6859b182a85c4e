-- name: holds
-- Holds, once for each time one was placed, with when it was lifted after that; by controller and in the order of the
-- log. Null parameters do not restrict.
SELECT placed.hold_id, placed.controller, placed.kind, placed.subject, placed.retention_classes, placed.article,
       placed.ends_at, placed.occurred_at,
       (SELECT greatest(lifted.occurred_at, placed.occurred_at)
        FROM holds AS lifted
        WHERE lifted.controller = placed.controller AND lifted.hold_id = placed.hold_id
          AND lifted.state = 'lifted' AND lifted.ledger_offset > placed.ledger_offset
        ORDER BY lifted.ledger_offset
        LIMIT 1),
       placed.ledger_partition, placed.ledger_offset
FROM holds AS placed
WHERE placed.state = 'placed'
  AND (%(controller)s::text IS NULL OR placed.controller = %(controller)s)
  AND (%(hold_id)s::text IS NULL OR placed.hold_id = %(hold_id)s)
ORDER BY placed.controller, placed.ledger_partition, placed.ledger_offset;
