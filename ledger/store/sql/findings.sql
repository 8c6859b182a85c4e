-- name: findings
-- The last judgement on each entry, code and rule, by what was known, with the type of the entry while the audit trail
-- shows it; null parameters do not restrict.
SELECT f.ledger_partition, f.ledger_offset, f.code, f.rule, f.state, f.stream, f.controller, f.article, f.occurred_at,
       f.judged_at, f.judged_by, f.expected, f.found, f.about, t.event_type
FROM (
    SELECT DISTINCT ON (ledger_partition, ledger_offset, code, rule) *
    FROM findings
    WHERE (%(streams)s::uuid[] IS NULL OR stream = ANY (%(streams)s))
      AND (%(controller)s::text IS NULL OR controller = %(controller)s)
      AND (%(code)s::text IS NULL OR code = %(code)s)
      AND (%(since)s::bigint IS NULL OR occurred_at >= %(since)s)
      AND (%(until)s::bigint IS NULL OR occurred_at < %(until)s)
      AND (%(as_of)s::bigint IS NULL OR judged_at <= %(as_of)s)
    -- Within one record a finding is resolved before it opens in other words.
    ORDER BY ledger_partition, ledger_offset, code, rule, judged_by DESC, state
) AS f
LEFT JOIN audit_trail AS t
  ON t.ledger_partition = f.ledger_partition AND t.ledger_offset = f.ledger_offset AND t.sealed_at >= trail_begins()
WHERE f.state = 'open' OR %(resolved)s
ORDER BY f.occurred_at, f.ledger_partition, f.ledger_offset, f.code COLLATE "C", f.rule COLLATE "C"
LIMIT %(limit)s;
