-- name: facts_of_streams
-- Every fact of some streams, by stream and in the order each was recorded.
SELECT ledger_partition, ledger_offset, originator_version, state
FROM stored_events
WHERE originator_id = ANY (%(streams)s)
ORDER BY originator_id, originator_version;

-- name: streams_with
-- The governance streams that hold a fact of one of some types, oldest first; a null controller does not restrict.
SELECT stream
FROM audit_trail
WHERE ledger_partition = 0
  AND event_type = ANY (%(event_types)s)
  AND (%(controller)s::text IS NULL OR controller = %(controller)s)
GROUP BY stream
ORDER BY min(occurred_at), stream;

-- name: deadlines_of_streams
-- Where each deadline of some streams stands, by when it ends: of each the last row holds.
SELECT controller, stream, case_kind, case_id, name, rule, article, starts_at, ends_at, other_ends_at, calendar, state,
       ledger_partition, ledger_offset, started_by, about
FROM (
    SELECT DISTINCT ON (stream, case_kind, case_id, name, rule) *
    FROM deadlines
    WHERE stream = ANY (%(streams)s)
    ORDER BY stream, case_kind, case_id, name, rule, ledger_offset DESC, item DESC
) AS last_state
ORDER BY ends_at, name, rule;
