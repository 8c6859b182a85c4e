-- name: chain_marks
-- The mark of every chain.
SELECT source_topic, source_partition, ledger_partition, source_offset, part FROM chain_marks;

-- name: move_chain_marks
-- Moves the marks of the chains a batch went on; columns as arrays.
INSERT INTO chain_marks (source_topic, source_partition, ledger_partition, source_offset, part)
SELECT * FROM unnest(%s::text[], %s::integer[], %s::integer[], %s::bigint[], %s::integer[])
ON CONFLICT (source_topic, source_partition, ledger_partition)
DO UPDATE SET source_offset = excluded.source_offset, part = excluded.part;

-- name: add_counters
-- Adds what a batch made of one ledger partition's records.
INSERT INTO ledger_counters AS c
    (ledger_partition, entries, accepted, rejected, duplicates, resealed, out_of_chain)
VALUES (%(partition)s, %(entries)s, %(accepted)s, %(rejected)s, %(duplicates)s, %(resealed)s, %(out_of_chain)s)
ON CONFLICT (ledger_partition) DO UPDATE SET
    entries = c.entries + excluded.entries,
    accepted = c.accepted + excluded.accepted,
    rejected = c.rejected + excluded.rejected,
    duplicates = c.duplicates + excluded.duplicates,
    resealed = c.resealed + excluded.resealed,
    out_of_chain = c.out_of_chain + excluded.out_of_chain;

-- name: positions
-- The last recorded offset of each ledger partition.
SELECT application_name, notification_id FROM ledger_tracking WHERE starts_with(application_name, 'ledger-');

-- name: consent_based
-- Processing on the basis of consent of some subjects and purposes that happened at or after some time: what a
-- change of consent may show in another light. Columns as arrays.
SELECT t.stream, t.occurred_at, t.ledger_offset, t.event_type, t.purpose, t.lawful_basis, t.sealed_at
FROM unnest(%s::uuid[], %s::text[], %s::bigint[]) AS c (stream, purpose, since)
CROSS JOIN LATERAL (
    SELECT stream, occurred_at, ledger_offset, event_type, purpose, lawful_basis, sealed_at
    FROM audit_trail
    WHERE stream = c.stream AND occurred_at >= c.since
      AND purpose = c.purpose AND lawful_basis = 'consent' AND event_type NOT LIKE 'consent.%%'
) AS t
ORDER BY t.ledger_offset;

-- name: processed_since
-- Everything in the trail of some people that happened at or after some time: what an objection, a restriction, an
-- erasure or a minor found may show in another light. Columns as arrays.
SELECT t.stream, t.occurred_at, t.ledger_offset, t.event_type, t.purpose, t.lawful_basis, t.sealed_at
FROM unnest(%s::uuid[], %s::bigint[]) AS p (stream, since)
CROSS JOIN LATERAL (
    SELECT stream, occurred_at, ledger_offset, event_type, purpose, lawful_basis, sealed_at
    FROM audit_trail
    WHERE stream = p.stream AND occurred_at >= p.since
) AS t
ORDER BY t.ledger_offset;

-- name: governance_facts
-- Facts that judging needs, by their stored names, in a stretch of ledger partition 0 that is recorded.
SELECT ledger_offset, state FROM stored_events
WHERE ledger_partition = 0 AND topic = ANY (%s) AND ledger_offset >= %s AND ledger_offset < %s
ORDER BY ledger_offset;

-- name: ensure_trail_month
-- Makes the month of the audit trail that a moment lies in, unless it is there.
SELECT ensure_trail_month(trail_month(%s));

-- name: trail_ends
-- Where the audit trail begins from which governance offset on.
SELECT ledger_offset, before FROM trail_ends ORDER BY ledger_offset;

-- name: incomplete_erasures
-- Of some erasures, by person and id, those whose last result is that they are incomplete. Columns as arrays.
SELECT w.stream, w.erasure_id, e.ledger_offset, e.occurred_at, e.document
FROM unnest(%s::uuid[], %s::text[]) AS w (stream, erasure_id)
CROSS JOIN LATERAL (
    SELECT phase, ledger_offset, occurred_at, document
    FROM erasures
    WHERE stream = w.stream AND erasure_id = w.erasure_id AND phase IN ('verified', 'incomplete')
    ORDER BY ledger_offset DESC
    LIMIT 1
) AS e
WHERE e.phase = 'incomplete';
