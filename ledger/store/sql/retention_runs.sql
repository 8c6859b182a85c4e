-- name: runs_of_days
-- The run that found each of these days' data to be over, the last one where there are several.
SELECT DISTINCT ON (r.controller, r.retention_class, r.epoch_day)
       r.controller, r.retention_class, r.epoch_day, r.run_id
FROM unnest(%(controllers)s::text[], %(classes)s::text[], %(days)s::integer[])
    AS asked (controller, retention_class, epoch_day)
JOIN retention_ends AS r USING (controller, retention_class, epoch_day)
WHERE r.held_by IS NULL
ORDER BY r.controller, r.retention_class, r.epoch_day, r.ledger_offset DESC;
