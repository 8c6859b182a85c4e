-- name: adoptions
-- Every adoption of a policy pack, in the order of the log; null does not restrict.
SELECT controller, pack, pack_version, content, content_sha256, region, occurred_at
FROM policies
WHERE %(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s
ORDER BY ledger_partition, ledger_offset;

-- name: settings
-- Every number of days a customer set, in the order of the log; null does not restrict.
SELECT controller, retention_class, days, occurred_at
FROM retention_settings
WHERE %(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s
ORDER BY ledger_partition, ledger_offset;

-- name: terminations
-- Every end of an agreement, in the order of the log; null does not restrict.
SELECT controller, ends_at, choice, agreement_id, occurred_at
FROM terminations
WHERE %(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s
ORDER BY ledger_partition, ledger_offset;

-- name: returned
-- When all of a controller's data was exported because its agreement ends, in the order of the log; null does not
-- restrict.
SELECT controller, occurred_at FROM exports
WHERE subject IS NULL AND reason = 'end_of_agreement' AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
ORDER BY ledger_partition, ledger_offset;

-- name: holds
-- Every beginning and end of a hold, in the order of the log; null does not restrict.
SELECT state, controller, hold_id, kind, subject, retention_classes, article, ends_at, occurred_at
FROM holds
WHERE %(controller)s::text IS NULL OR controller = %(controller)s
ORDER BY ledger_partition, ledger_offset;

-- name: restrictions
-- Every beginning and end of a restriction, in the order of each person's stream; null does not restrict.
SELECT state, controller, restriction_id, ground, stream, occurred_at
FROM restrictions
WHERE %(stream)s::uuid IS NULL OR stream = %(stream)s
ORDER BY ledger_partition, ledger_offset;

-- name: time_shown
-- What the last publishers' facts of each ledger partition show of the time: see TimeShown.
WITH recent AS (
    SELECT p.number, newest.sealed_at, least(newest.sealed_at, newest.occurred_at) AS supported_at
    FROM unnest(%(partitions)s::integer[]) AS p (number)
    CROSS JOIN LATERAL (
        SELECT t.sealed_at, t.occurred_at
        FROM audit_trail AS t
        WHERE t.ledger_partition = p.number AND t.event_type <> ALL (%(own)s::text[])
        ORDER BY t.ledger_offset DESC
        LIMIT %(recent)s
    ) AS newest
), whole AS (
    -- Before this a busy partition has more than was read, so that a silence there may be none.
    SELECT max(since) AS since
    FROM (SELECT min(sealed_at) AS since FROM recent GROUP BY number HAVING count(*) >= %(recent)s) AS busy
), moments AS (
    SELECT r.sealed_at, r.sealed_at - lag(r.sealed_at) OVER (ORDER BY r.sealed_at) AS silence
    FROM recent AS r CROSS JOIN whole AS w
    WHERE r.sealed_at <= %(now)s AND (w.since IS NULL OR r.sealed_at >= w.since)
), silences AS (
    SELECT sealed_at, silence,
           max(silence) OVER (ORDER BY sealed_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS longest_before
    FROM moments
)
SELECT coalesce(max(sealed_at) FILTER (WHERE sealed_at <= %(now)s), max(sealed_at)),
       coalesce(max(supported_at) FILTER (WHERE supported_at <= %(now)s), max(supported_at)),
       (SELECT max(s.sealed_at) FROM silences AS s
        WHERE s.silence > %(silence_max)s AND s.silence > 2 * coalesce(s.longest_before, 0))
FROM recent;

-- name: ended_days
-- Days whose end is recorded and whose key's destruction is not confirmed; null does not restrict.
SELECT DISTINCT r.controller, r.retention_class, r.epoch_day, r.held_by
FROM retention_ends AS r
WHERE r.epoch_day IS NOT NULL
  AND (%(controllers)s::text[] IS NULL OR r.controller = ANY (%(controllers)s))
  AND NOT EXISTS (
      SELECT FROM key_destructions AS k
      WHERE k.phase = 'confirmed' AND k.controller = r.controller AND k.retention_class = r.retention_class
        AND k.epoch_day = r.epoch_day);

-- name: ended_proofs
-- Facts whose proof's end is recorded and whose key's destruction is not confirmed; null does not restrict.
SELECT DISTINCT r.controller, r.subject, r.fact, r.held_by
FROM retention_ends AS r
WHERE r.fact IS NOT NULL
  AND (%(controllers)s::text[] IS NULL OR r.controller = ANY (%(controllers)s))
  AND NOT EXISTS (SELECT FROM key_destructions AS k WHERE k.phase = 'confirmed' AND k.fact = r.fact);

-- name: open_destructions
-- Destructions that were announced and are not confirmed, in the order of the log.
SELECT k.ledger_partition, k.ledger_offset, k.destruction_id, k.phase, k.key_kind, k.controller, k.subject,
       k.epoch_day, k.retention_class, k.fact, k.why, k.request_id, k.occurred_at, k.sealed_at
FROM key_destructions AS k
WHERE k.phase = 'intent'
  AND NOT EXISTS (
      SELECT FROM key_destructions AS c
      WHERE c.destruction_id = k.destruction_id AND c.phase = 'confirmed')
ORDER BY k.ledger_partition, k.ledger_offset;

-- name: consent_facts
-- Every change of consent of the people and purposes of which any proof still stands, each with its fact's key and
-- whether its own proof was destroyed, and when the person's erasure was decided; null does not restrict. With a moment:
-- only those of which a proof that stands may have begun to end before it, so that consents relied on are left out.
WITH chosen AS MATERIALIZED (
    SELECT DISTINCT p.stream, p.purpose
    FROM consent_proof AS p
    JOIN stored_events AS e USING (ledger_partition, ledger_offset)
    WHERE (%(stream)s::uuid IS NULL OR p.stream = %(stream)s)
      AND (%(controller)s::text IS NULL OR p.controller = %(controller)s)
      AND (%(before)s::bigint IS NULL OR (p.occurred_at < %(before)s AND (
          p.state <> 'given'
          OR p.expires_at < %(before)s
          OR EXISTS (
              SELECT FROM consent_proof AS n
              WHERE n.stream = p.stream AND n.purpose = p.purpose
                AND n.occurred_at >= p.occurred_at AND n.occurred_at < %(before)s
                AND n.ledger_offset <> p.ledger_offset)
          OR EXISTS (SELECT FROM terminations AS a WHERE a.controller = p.controller)
          OR EXISTS (
              SELECT FROM erasures AS x
              WHERE x.stream = p.stream AND x.phase = 'started' AND x.occurred_at < %(before)s))))
      AND NOT EXISTS (SELECT FROM key_destructions AS k WHERE k.phase = 'confirmed' AND k.fact = e.fact_key)
)
SELECT p.controller, p.stream, p.purpose, e.fact_key, p.state, p.occurred_at, p.expires_at,
       EXISTS (SELECT FROM key_destructions AS k WHERE k.phase = 'confirmed' AND k.fact = e.fact_key),
       (SELECT min(x.occurred_at) FROM erasures AS x WHERE x.stream = p.stream AND x.phase = 'started')
FROM chosen
JOIN consent_proof AS p USING (stream, purpose)
JOIN stored_events AS e USING (ledger_partition, ledger_offset)
ORDER BY p.stream, p.purpose COLLATE "C", p.ledger_offset;

-- name: retention_rows
-- What retention periods came to, by what was known; null parameters do not restrict.
SELECT controller, retention_class, epoch_day, subject, fact, starts, period, rule, action, ended_at, due_from,
       found_at, held_by, intent_at, confirmed_at, state, late, ledger_partition, ledger_offset, confirmed_partition,
       confirmed_offset
FROM retention_status_at(coalesce(%(as_of)s, 9223372036854775807))
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(states)s::text[] IS NULL OR state = ANY (%(states)s))
ORDER BY ended_at DESC, controller COLLATE "C", retention_class COLLATE "C", epoch_day, subject, fact
LIMIT %(limit)s;

-- name: instruction_rows
-- Instructions and what their recipients answered last, by what was known; null parameters do not restrict.
SELECT instruction, controller, recipient, recipient_kind, action, erasure_id, run_id, subject, retention_classes,
       epochs, confirm_by, instructed_at, confirmed_at, outcome, refusal_ground, object_count, backups_expire_at, state,
       ledger_partition, ledger_offset, confirmed_partition, confirmed_offset
FROM instruction_status_at(coalesce(%(as_of)s, 9223372036854775807))
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(erasure_id)s::text IS NULL OR erasure_id = %(erasure_id)s)
  AND (%(run_id)s::text IS NULL OR run_id = %(run_id)s)
ORDER BY ledger_partition, ledger_offset;

-- name: recipients
-- Who handles a controller's data, by name; a null event_types does not restrict.
SELECT DISTINCT name COLLATE "C" AS name, kind COLLATE "C" AS kind
FROM recipients
WHERE controller = %(controller)s AND (%(event_types)s::text[] IS NULL OR event_type = ANY (%(event_types)s))
ORDER BY name, kind;

-- name: records_of
-- Every record of a stream that took effect, in order; nulls do not restrict. The times leave out what the audit trail
-- shows to be outside them; what it does not show stays, because the trail ends before the record does.
SELECT e.ledger_partition, e.ledger_offset, e.state
FROM stored_events AS e
WHERE e.originator_id = %(stream)s
  AND (%(since)s::bigint IS NULL OR NOT EXISTS (
      SELECT FROM audit_trail AS t
      WHERE t.ledger_partition = e.ledger_partition AND t.ledger_offset = e.ledger_offset
        AND (t.occurred_at < %(since)s OR t.occurred_at >= %(until)s)))
ORDER BY e.originator_version;

-- name: erasure_steps
-- The steps of erasures, by person or by id, in the order of the person's stream; null parameters do not restrict.
SELECT erasure_id, stream, controller, trigger, request_id, ledger_partition, ledger_offset, phase, document,
       occurred_at, sealed_at
FROM erasures
WHERE (%(stream)s::uuid IS NULL OR stream = %(stream)s)
  AND (%(erasure_id)s::text IS NULL OR erasure_id = %(erasure_id)s)
ORDER BY ledger_partition, ledger_offset;

-- name: confirmations
-- What services say they erased for an erasure or an instruction, in the order it was recorded.
SELECT ledger_partition, ledger_offset, erasure_id, service, source, controller, outcome, refusal_ground, object_count,
       backups_expire_at, occurred_at, sealed_at
FROM erasure_confirmations
WHERE erasure_id = %(erasure_id)s AND controller = %(controller)s
ORDER BY sealed_at, ledger_partition, ledger_offset;

-- name: subject_destructions
-- The destructions of one person's keys, in the order of the log.
SELECT ledger_partition, ledger_offset, destruction_id, phase, key_kind, controller, subject, epoch_day,
       retention_class, fact, why, request_id, occurred_at, sealed_at
FROM key_destructions
WHERE subject = %(stream)s
ORDER BY ledger_partition, ledger_offset;

-- name: open_erasures
-- Erasures that were started and whose last result is not that they are verified, in the order of the log; and those
-- verified of which a recipient has taken its word back.
SELECT s.erasure_id
FROM erasures AS s
WHERE s.phase = 'started'
  AND ('verified' IS DISTINCT FROM (
           SELECT r.phase FROM erasures AS r
           WHERE r.erasure_id = s.erasure_id AND r.stream = s.stream AND r.phase IN ('verified', 'incomplete')
           ORDER BY r.ledger_offset DESC
           LIMIT 1)
       OR EXISTS (
           SELECT FROM instruction_status_at(9223372036854775807) AS i
           WHERE i.erasure_id = s.erasure_id AND i.state IN ('refused', 'partly')))
ORDER BY s.sealed_at, s.ledger_partition, s.ledger_offset;

-- name: exports
-- Exports that hold a person's entries: of the person, or of all of the controller.
SELECT ledger_partition, ledger_offset, export_id, controller, subject, reason, entries, opened_fields, sha256, hold_id,
       occurred_at, sealed_at
FROM exports
WHERE subject = %(stream)s OR (subject IS NULL AND controller = %(controller)s)
ORDER BY ledger_partition, ledger_offset;
