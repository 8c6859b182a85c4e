-- name: adoptions
-- Every adoption of a policy pack, in the order of the log.
SELECT controller, pack, pack_version, content, content_sha256, region, occurred_at
FROM policies
ORDER BY ledger_partition, ledger_offset;

-- name: settings
-- Every number of days a customer set, in the order of the log.
SELECT controller, retention_class, days, occurred_at FROM retention_settings ORDER BY ledger_partition, ledger_offset;

-- name: terminations
-- Every end of an agreement, in the order of the log.
SELECT controller, ends_at, choice, agreement_id, occurred_at FROM terminations
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

-- name: newest_recorded
-- When the last entry of each ledger partition that is not the ledger's own was sealed; the newest of those.
SELECT max(newest.sealed_at)
FROM unnest(%(partitions)s::integer[]) AS p (number)
CROSS JOIN LATERAL (
    SELECT t.sealed_at
    FROM audit_trail AS t
    WHERE t.ledger_partition = p.number AND t.event_type <> ALL (%(own)s::text[])
    ORDER BY t.ledger_offset DESC
    LIMIT 1
) AS newest;

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
-- whether its own proof was destroyed, and when the person's erasure was decided; null does not restrict.
SELECT controller, stream, purpose, fact_key, state, occurred_at, expires_at, destroyed,
       (SELECT min(x.occurred_at) FROM erasures AS x WHERE x.stream = changes.stream AND x.phase = 'started')
FROM (
    SELECT p.controller, p.stream, p.purpose, e.fact_key, p.state, p.occurred_at, p.expires_at, p.ledger_offset,
           k.fact IS NOT NULL AS destroyed,
           bool_and(k.fact IS NOT NULL) OVER consent AS all_destroyed,
           min(p.occurred_at) OVER consent AS since
    FROM consent_proof AS p
    JOIN stored_events AS e USING (ledger_partition, ledger_offset)
    LEFT JOIN (SELECT DISTINCT fact FROM key_destructions WHERE phase = 'confirmed' AND fact IS NOT NULL) AS k
      ON k.fact = e.fact_key
    WHERE %(stream)s::uuid IS NULL OR p.stream = %(stream)s
    WINDOW consent AS (PARTITION BY p.stream, p.purpose)
) AS changes
WHERE NOT all_destroyed AND (%(before)s::bigint IS NULL OR since < %(before)s)
ORDER BY stream, purpose COLLATE "C", ledger_offset;

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
-- Every record of a stream that took effect, in order.
SELECT ledger_partition, ledger_offset, state
FROM stored_events
WHERE originator_id = %(stream)s
ORDER BY originator_version;

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
-- Erasures that were started and whose last result is not that they are verified, in the order of the log.
SELECT s.erasure_id
FROM erasures AS s
WHERE s.phase = 'started'
  AND 'verified' IS DISTINCT FROM (
      SELECT r.phase FROM erasures AS r
      WHERE r.erasure_id = s.erasure_id AND r.stream = s.stream AND r.phase IN ('verified', 'incomplete')
      ORDER BY r.ledger_offset DESC
      LIMIT 1)
ORDER BY s.sealed_at, s.ledger_partition, s.ledger_offset;

-- name: exports
-- Exports that hold a person's entries: of the person, or of all of the controller.
SELECT ledger_partition, ledger_offset, export_id, controller, subject, reason, entries, opened_fields, sha256, hold_id,
       occurred_at, sealed_at
FROM exports
WHERE subject = %(stream)s OR (subject IS NULL AND controller = %(controller)s)
ORDER BY ledger_partition, ledger_offset;
