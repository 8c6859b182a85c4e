-- name: adoptions
-- Every adoption of a policy pack that was known, in the order of the log; null does not restrict.
SELECT controller, pack, pack_version, content, content_sha256, occurred_at
FROM policies
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
ORDER BY ledger_partition, ledger_offset;

-- name: findings
-- Findings on entries of a period that were open by what was known; null parameters do not restrict.
SELECT controller, code, rule, occurred_at, ledger_partition, ledger_offset, found, about
FROM (
    SELECT DISTINCT ON (ledger_partition, ledger_offset, code, rule) *
    FROM findings
    WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
      AND (%(since)s::bigint IS NULL OR occurred_at >= %(since)s)
      AND (%(until)s::bigint IS NULL OR occurred_at < %(until)s)
      AND (%(as_of)s::bigint IS NULL OR judged_at <= %(as_of)s)
    -- Within one record a finding is resolved before it opens in other words.
    ORDER BY ledger_partition, ledger_offset, code, rule, judged_by DESC, state
) AS last_judgement
WHERE state = 'open'
ORDER BY occurred_at, ledger_partition, ledger_offset, code COLLATE "C", rule COLLATE "C";

-- name: marks
-- What entries of some months show of promises; null parameters do not restrict.
SELECT controller, mark, rule, detail, month, due_at, occurred_at, ledger_partition, ledger_offset
FROM promise_evidence
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(first_month)s::integer IS NULL OR month >= %(first_month)s)
  AND (%(last_month)s::integer IS NULL OR month <= %(last_month)s)
  AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
ORDER BY occurred_at, ledger_partition, ledger_offset, item;

-- name: deadlines
-- Deadlines that started in a period and are open or were missed, by what was known; null parameters do not restrict.
SELECT controller, name, rule, case_kind, case_id, about, state, starts_at, ends_at, ledger_partition, started_by
FROM deadlines_at(coalesce(%(as_of)s, 9223372036854775807))
WHERE state IN ('open', 'missed')
  AND (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(since)s::bigint IS NULL OR starts_at >= %(since)s)
  AND (%(until)s::bigint IS NULL OR starts_at < %(until)s)
ORDER BY starts_at, ledger_partition, started_by, name COLLATE "C", rule COLLATE "C";

-- name: ended
-- Of some days' data of a class: whether by what was known its end is recorded and nothing holds it any more; those
-- whose end is not recorded are left out. Of each day the last end holds.
SELECT DISTINCT ON (controller, retention_class, epoch_day) controller, retention_class, epoch_day, held_by IS NULL
FROM retention_ends
JOIN unnest(%(controllers)s::text[], %(classes)s::text[], %(days)s::integer[])
  AS asked (controller, retention_class, epoch_day) USING (controller, retention_class, epoch_day)
WHERE (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
ORDER BY controller, retention_class, epoch_day, ledger_offset DESC;

-- name: ends
-- Retention periods that ended in a period and were late, or that still wait for their destruction, by what was known;
-- null parameters do not restrict.
SELECT controller, retention_class, rule, epoch_day, ended_at, due_from, confirmed_at, ledger_partition, ledger_offset
FROM retention_status_at(coalesce(%(as_of)s, 9223372036854775807))
WHERE (late OR state IN ('due', 'destroying'))
  AND (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(since)s::bigint IS NULL OR ended_at >= %(since)s)
  AND (%(until)s::bigint IS NULL OR ended_at < %(until)s)
ORDER BY ended_at, ledger_partition, ledger_offset;
