-- Turning keys into tombstones. For subject keys two statements, in this order: after the first there is a committed
-- row or one of ours for every name (it waits for a key being made by someone else), so the second misses none.
-- "Of a class" means of its part before a colon: `class`, or `class:fact` where each fact has a key of its own.

-- name: lock_subject
-- Waits for keys being made for a subject, and keeps more from being made until we commit; see closing.py.
SELECT FROM subject WHERE subject = %(subject)s FOR NO KEY UPDATE;

-- name: entomb_subject_keys
-- A tombstone for each name that has no row yet, so that its key is never made.
INSERT INTO subject_key (subject, retention_class, destroyed_at, why)
SELECT %(subject)s::uuid, retention_class, now(), %(why)s::text
FROM unnest(%(classes)s::text[]) AS doomed (retention_class)
ORDER BY retention_class COLLATE "C"
ON CONFLICT DO NOTHING;

-- name: destroy_subject_keys
-- Turns live keys of a subject into tombstones: of some names, or all it has when none are named.
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

-- name: keys_of_classes
-- The names of a subject's keys of some classes, tombstones among them.
SELECT retention_class FROM subject_key
WHERE subject = %(subject)s AND split_part(retention_class, ':', 1) = ANY (%(classes)s::text[]);

-- name: drop_held_of_dead_keys
-- What was held under a key dies with it.
DELETE FROM held_field AS held
WHERE subject = %(subject)s AND NOT EXISTS (
    SELECT FROM subject_key AS key
    WHERE key.subject = held.subject AND key.retention_class = held.retention_class AND key.wrapped IS NOT NULL
);

-- name: held_of_keys
-- How many fields are held under some keys of a subject.
SELECT count(*) FROM held_field WHERE subject = %(subject)s AND retention_class = ANY (%(classes)s::text[]);

-- name: destroy_epoch_keys
-- Makes epoch keys tombstones, those never made too: one row each, however many records that day had. One statement, so
-- that a run pays one round trip; in key order, against deadlocks. It waits for a key being made by someone else and
-- then updates it; a tombstone stands with its date and reason, and is not returned. A row that this statement
-- inserted was made and destroyed at the same moment, and had no key.
INSERT INTO epoch_key AS key (controller, retention_class, day, created_at, destroyed_at, why)
SELECT controller, retention_class, day, now(), now(), %(why)s::text
FROM unnest(%(controllers)b::text[], %(classes)b::text[], %(days)s::integer[])
    AS doomed (controller, retention_class, day)
ORDER BY controller COLLATE "C", retention_class COLLATE "C", day
ON CONFLICT (controller, retention_class, day) DO UPDATE
    SET kek_id = NULL, wrapped = NULL, destroyed_at = excluded.destroyed_at, why = excluded.why
    WHERE key.wrapped IS NOT NULL
RETURNING controller, retention_class, day, created_at <> destroyed_at;
