-- name: request_entries
-- The entries of rights requests, by controller, stream and request, each request's in the order they happened. Null
-- parameters do not restrict.
SELECT r.controller, r.stream, r.request_id, e.ledger_partition, e.ledger_offset, e.originator_version, e.state
FROM rights_requests AS r
JOIN stored_events AS e USING (ledger_partition, ledger_offset)
WHERE (%(controller)s::text IS NULL OR r.controller = %(controller)s)
  AND (%(streams)s::uuid[] IS NULL OR r.stream = ANY (%(streams)s))
  AND (%(request_id)s::text IS NULL OR r.request_id = %(request_id)s)
ORDER BY r.controller, r.stream, r.request_id, r.occurred_at, e.ledger_offset;

-- name: carrying_out_entries
-- The entries of some streams that may carry out a request: by their stored names, which are their event types.
SELECT ledger_partition, ledger_offset, originator_version, state
FROM stored_events
WHERE originator_id = ANY (%(streams)s) AND topic = ANY (%(event_types)s)
ORDER BY ledger_partition, ledger_offset;
