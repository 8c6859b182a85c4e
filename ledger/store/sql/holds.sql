-- name: holds
-- Holds, once for each time one was placed, with when it was lifted: by the first lifting that did not happen before
-- it was placed, as `ledger.store.controller_rules` has it; by controller and in the order of the log. Null parameters
-- do not restrict.
SELECT placed.hold_id, placed.controller, placed.kind, placed.subject, placed.retention_classes, placed.article,
       placed.ends_at, placed.occurred_at,
       (SELECT min(lifted.occurred_at)
        FROM holds AS lifted
        WHERE lifted.controller = placed.controller AND lifted.hold_id = placed.hold_id
          AND lifted.state = 'lifted' AND lifted.occurred_at >= placed.occurred_at),
       placed.ledger_partition, placed.ledger_offset
FROM holds AS placed
WHERE placed.state = 'placed'
  AND (%(controller)s::text IS NULL OR placed.controller = %(controller)s)
  AND (%(hold_id)s::text IS NULL OR placed.hold_id = %(hold_id)s)
ORDER BY placed.controller, placed.ledger_partition, placed.ledger_offset;

-- name: restrictions
-- Restrictions in the same columns, with the ground of each.
SELECT begun.restriction_id, begun.controller, 'restriction', begun.stream, ARRAY[]::text[], NULL, NULL::bigint,
       begun.occurred_at,
       (SELECT min(lifted.occurred_at)
        FROM restrictions AS lifted
        WHERE lifted.stream = begun.stream AND lifted.restriction_id = begun.restriction_id
          AND lifted.state = 'lifted' AND lifted.occurred_at >= begun.occurred_at),
       begun.ledger_partition, begun.ledger_offset, coalesce(begun.ground, '')
FROM restrictions AS begun
WHERE begun.state = 'set' AND (%(controller)s::text IS NULL OR begun.controller = %(controller)s)
ORDER BY begun.controller, begun.ledger_partition, begun.ledger_offset;
