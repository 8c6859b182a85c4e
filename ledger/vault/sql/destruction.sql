-- Turning keys into tombstones. Two statements each, in this order: after the first there is a committed row or one
-- of ours for every name (it waits for a key being made by someone else), so the second misses none.

-- name: entomb_subject_keys
-- A tombstone for each class that has no row yet, so that its key is never made.
INSERT INTO subject_key (subject, retention_class, destroyed_at, why)
SELECT %(subject)s::uuid, retention_class, now(), %(why)s::text
FROM unnest(%(classes)s::text[]) AS doomed (retention_class)
ORDER BY retention_class COLLATE "C"
ON CONFLICT DO NOTHING;

-- name: destroy_subject_keys
-- Turns live keys of a subject into tombstones: of some classes, or of all it has when none are named.
-- FOR UPDATE looks again after waiting for another destroyer, whose tombstone then stands with its date and reason.
WITH doomed AS (
    SELECT subject, retention_class FROM subject_key
    WHERE subject = %(subject)s AND wrapped IS NOT NULL
        AND (%(classes)s::text[] IS NULL OR retention_class = ANY (%(classes)s::text[]))
    ORDER BY retention_class COLLATE "C"
    FOR UPDATE
)
UPDATE subject_key AS key
SET kek_id = NULL, wrapped = NULL, destroyed_at = now(), why = %(why)s
FROM doomed
WHERE key.subject = doomed.subject AND key.retention_class = doomed.retention_class
RETURNING key.retention_class;

-- name: entomb_epoch_key
-- A tombstone where an epoch has no row yet, so that its key is never made.
INSERT INTO epoch_key (controller, retention_class, day, destroyed_at, why)
VALUES (%(controller)s, %(class)s, %(day)s, now(), %(why)s)
ON CONFLICT DO NOTHING;

-- name: destroy_epoch_key
-- Turns a live epoch key into a tombstone: one row, however many records that day had.
UPDATE epoch_key SET kek_id = NULL, wrapped = NULL, destroyed_at = now(), why = %(why)s
WHERE controller = %(controller)s AND retention_class = %(class)s AND day = %(day)s AND wrapped IS NOT NULL;
