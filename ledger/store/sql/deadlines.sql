-- name: deadlines
-- Each deadline as it was known at a time, whose state is one of some, by when it ends. Null parameters do not restrict.
SELECT controller, stream, case_kind, case_id, name, rule, article, starts_at, ends_at, other_ends_at, calendar, state,
       ledger_partition, ledger_offset, started_by, about
FROM deadlines_at(coalesce(%(as_of)s::bigint, 9223372036854775807))
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(states)s::text[] IS NULL OR state = ANY (%(states)s::text[]))
ORDER BY ends_at, controller, case_kind, case_id, name, rule, stream;

-- name: recorded_facts
-- Which of some facts are recorded, by their keys.
SELECT fact_key FROM stored_events WHERE fact_key = ANY (%(keys)s);
