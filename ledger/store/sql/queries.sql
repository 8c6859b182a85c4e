-- name: trail
-- The audit trail with each entry's ledger record, by when it happened; null parameters do not restrict.
SELECT t.ledger_partition, t.ledger_offset, t.stream_version, e.state
FROM audit_trail AS t
JOIN stored_events AS e
  ON e.originator_id = t.stream AND e.originator_version = t.stream_version
WHERE (%(streams)s::uuid[] IS NULL OR t.stream = ANY (%(streams)s))
  AND (%(controller)s::text IS NULL OR t.controller = %(controller)s)
  AND (%(since)s::bigint IS NULL OR t.occurred_at >= %(since)s)
  AND (%(until)s::bigint IS NULL OR t.occurred_at < %(until)s)
  AND (%(as_of)s::bigint IS NULL OR t.sealed_at <= %(as_of)s)
  AND t.sealed_at >= trail_begins()
ORDER BY t.occurred_at, t.ledger_partition, t.ledger_offset
LIMIT %(limit)s;

-- name: consent_changes
-- Every change of consent of some data subjects, oldest first; null parameters do not restrict.
SELECT ledger_partition, ledger_offset, stream, controller, purpose, state, occurred_at, sealed_at,
       category, method, language, notice_version, notice_hash, expires_at, evidence
FROM consent_proof
WHERE stream = ANY (%(streams)s)
  AND (%(purpose)s::text IS NULL OR purpose = %(purpose)s)
  AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
ORDER BY stream, purpose, occurred_at, ledger_partition, ledger_offset;

-- name: subject_exists
-- Whether any entry of the stream took effect; not asked of the trail, whose entries leave it in time.
SELECT EXISTS (SELECT FROM stored_events WHERE originator_id = %(stream)s);

-- name: controller_exists
-- Whether any fact named the controller; not asked of the trail alone, whose entries leave it in time.
SELECT EXISTS (SELECT FROM processing_register WHERE controller = %(controller)s)
    OR EXISTS (SELECT FROM audit_trail WHERE controller = %(controller)s);

-- name: findings_of
-- Findings that are open by what was known, oldest first; null parameters do not restrict.
SELECT ledger_partition, ledger_offset, code, rule, stream, controller, article, occurred_at, judged_at,
       judged_by, expected, found
FROM (
    SELECT DISTINCT ON (ledger_partition, ledger_offset, code, rule) *
    FROM findings
    WHERE (%(streams)s::uuid[] IS NULL OR stream = ANY (%(streams)s))
      AND (%(controller)s::text IS NULL OR controller = %(controller)s)
      AND (%(as_of)s::bigint IS NULL OR judged_at <= %(as_of)s)
    -- Within one record a finding is resolved before it opens in other words.
    ORDER BY ledger_partition, ledger_offset, code, rule, judged_by DESC, state
) AS last_judgement
WHERE state = 'open'
ORDER BY occurred_at, ledger_partition, ledger_offset, code COLLATE "C", rule COLLATE "C";

-- name: rejections
-- Rejected input with the entry that retried it, if any; oldest first.
SELECT r.ledger_partition, r.ledger_offset, r.source_topic, r.source_partition, r.source_offset,
       r.reason, r.detail, r.attempts, r.sealed_at,
       (SELECT min(x.ledger_partition || ':' || x.ledger_offset)
        FROM rejection_retries AS x
        WHERE x.rejected_partition = r.ledger_partition AND x.rejected_offset = r.ledger_offset) AS retried_as
FROM rejections AS r
WHERE (%(partition)s::integer IS NULL
       OR (r.ledger_partition = %(partition)s AND r.ledger_offset = %(offset)s))
ORDER BY r.sealed_at, r.ledger_partition, r.ledger_offset;

-- name: record_at
-- The bytes of the ledger record at some coordinates, whether it took effect or not.
SELECT state FROM stored_events
WHERE ledger_partition = %(partition)s AND ledger_offset = %(offset)s
UNION ALL
SELECT state FROM ignored_records
WHERE ledger_partition = %(partition)s AND ledger_offset = %(offset)s;

-- name: fact_at
-- The coordinates of the entry of a fact, by the key its stream knows it by.
SELECT ledger_partition, ledger_offset FROM stored_events WHERE fact_key = %(fact_key)s;

-- name: counters
-- What became of everything recorded; see the table's comment.
SELECT coalesce(sum(entries), 0)::bigint, coalesce(sum(accepted), 0)::bigint, coalesce(sum(rejected), 0)::bigint,
       coalesce(sum(duplicates), 0)::bigint, coalesce(sum(resealed), 0)::bigint,
       coalesce(sum(out_of_chain), 0)::bigint
FROM ledger_counters;

-- name: subjects_count
-- How many data subjects the audit trail shows entries of.
SELECT count(DISTINCT stream) FROM audit_trail WHERE stream_kind = 'subject' AND sealed_at >= trail_begins();

-- name: rejection_reasons
-- How often input was rejected for which reason, most frequent first.
SELECT reason, count(*) FROM rejections GROUP BY reason ORDER BY count(*) DESC, reason;

-- name: event_types
-- How many entries the audit trail shows of which type, most frequent first.
SELECT event_type, count(*) FROM audit_trail
WHERE sealed_at >= trail_begins()
GROUP BY event_type ORDER BY count(*) DESC, event_type;

-- name: outcomes
-- What became of some inbox records that have been recorded: rejected, or a publisher's repeat. An inbox record
-- counts by its first part.
WITH asked AS (
    SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::integer[], %(offsets)s::bigint[])
        AS a (source_topic, source_partition, source_offset)
)
SELECT
    (SELECT count(*) FROM rejections JOIN asked USING (source_topic, source_partition, source_offset)) AS rejected,
    (SELECT count(*) FROM ignored_records JOIN asked USING (source_topic, source_partition, source_offset)
     WHERE kind = 'repeated' AND part = 0) AS duplicates;
