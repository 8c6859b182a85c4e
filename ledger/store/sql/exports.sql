-- name: export_entries
-- What the audit trail has of a controller, or of one of its data subjects, by when it happened.
SELECT t.ledger_partition, t.ledger_offset, e.state
FROM audit_trail AS t
JOIN stored_events AS e
  ON e.originator_id = t.stream AND e.originator_version = t.stream_version
WHERE t.controller = %(controller)s AND t.sealed_at >= trail_begins()
  AND (%(subject)s::uuid IS NULL OR t.stream = %(subject)s)
ORDER BY t.occurred_at, t.ledger_partition, t.ledger_offset;

-- name: export_entry_count
-- How many entries `export_entries` gives.
SELECT count(*) FROM audit_trail
WHERE controller = %(controller)s AND sealed_at >= trail_begins()
  AND (%(subject)s::uuid IS NULL OR stream = %(subject)s);

-- name: export_consent_count
-- How many changes of consent `export_consents` gives.
SELECT count(*) FROM consent_proof
WHERE controller = %(controller)s AND (%(subject)s::uuid IS NULL OR stream = %(subject)s);

-- name: export_consents
-- Every change of consent of a controller's data subjects, or of one of them, by subject, purpose and time.
SELECT ledger_partition, ledger_offset, stream, controller, purpose, state, occurred_at, sealed_at,
       category, method, language, notice_version, notice_hash, expires_at, evidence
FROM consent_proof
WHERE controller = %(controller)s AND (%(subject)s::uuid IS NULL OR stream = %(subject)s)
ORDER BY stream, purpose, occurred_at, ledger_partition, ledger_offset;

-- name: controllers_of
-- The controllers of which some streams have entries in the trail, or consents: these outlast the trail.
SELECT controller FROM audit_trail WHERE stream = ANY (%(streams)s) AND sealed_at >= trail_begins()
UNION
SELECT controller FROM consent_proof WHERE stream = ANY (%(streams)s)
ORDER BY controller;
