-- Keys by batch. A row whose `wrapped` is null is a tombstone. Arrays go in binary (%()b): as text psycopg escapes
-- every byte of them.

-- name: read_subject_keys
-- The subject keys of a batch, tombstones among them.
SELECT subject, retention_class, kek_id, wrapped
FROM unnest(%(subjects)b::uuid[], %(classes)b::text[]) AS asked (subject, retention_class)
JOIN subject_key USING (subject, retention_class);

-- name: add_subject_keys
-- Makes subject keys where there is neither key nor tombstone; for a closed subject, tombstones. In key order, against
-- deadlocks. FOR SHARE keeps the subject from being closed between our look and our commit, and after waiting for
-- one being closed reads it again; see closing.py. A stream without a subject row is of nobody, and open.
WITH made AS (
    SELECT * FROM unnest(%(subjects)b::uuid[], %(classes)b::text[], %(kek_ids)b::bytea[], %(wrapped)b::bytea[])
        AS made (subject, retention_class, kek_id, wrapped)
), person AS (
    SELECT subject, closed_at, closed_why FROM subject
    WHERE subject = ANY (%(subjects)b::uuid[])
    ORDER BY subject
    FOR SHARE
)
INSERT INTO subject_key (subject, retention_class, kek_id, wrapped, destroyed_at, why)
SELECT made.subject, made.retention_class,
    CASE WHEN person.closed_at IS NULL THEN made.kek_id END,
    CASE WHEN person.closed_at IS NULL THEN made.wrapped END,
    CASE WHEN person.closed_at IS NOT NULL THEN now() END,
    person.closed_why
FROM made LEFT JOIN person USING (subject)
ORDER BY made.subject, made.retention_class COLLATE "C"
ON CONFLICT DO NOTHING
RETURNING subject, retention_class, wrapped IS NOT NULL;

-- name: subject_key_classes
-- Every key of a subject, and whether it lives.
SELECT retention_class, wrapped IS NOT NULL FROM subject_key WHERE subject = %(subject)s;

-- name: read_epoch_keys
-- The epoch keys of a batch, tombstones among them.
SELECT controller, retention_class, day, kek_id, wrapped
FROM unnest(%(controllers)b::text[], %(classes)b::text[], %(days)s::integer[])
    AS asked (controller, retention_class, day)
JOIN epoch_key USING (controller, retention_class, day);

-- name: add_epoch_keys
-- Makes epoch keys where there is neither key nor tombstone; in key order, against deadlocks.
INSERT INTO epoch_key (controller, retention_class, day, kek_id, wrapped)
SELECT controller, retention_class, day, kek_id, wrapped
FROM unnest(
    %(controllers)b::text[], %(classes)b::text[], %(days)s::integer[], %(kek_ids)b::bytea[], %(wrapped)b::bytea[]
) AS made (controller, retention_class, day, kek_id, wrapped)
ORDER BY controller COLLATE "C", retention_class COLLATE "C", day
ON CONFLICT DO NOTHING
RETURNING controller, retention_class, day;

-- name: live_epochs
-- The epochs that still have a key; from the index of live rows, in its order.
SELECT controller, retention_class, day FROM epoch_key WHERE wrapped IS NOT NULL
ORDER BY controller COLLATE "C", retention_class COLLATE "C", day;

-- name: epochs_made_since
-- The epochs with a key that was made after a moment, in microseconds since the epoch.
SELECT controller, retention_class, day FROM epoch_key
WHERE wrapped IS NOT NULL AND extract(epoch FROM created_at) * 1000000 > %(moment)s;

-- name: live_epochs_of
-- The same, of one controller.
SELECT controller, retention_class, day FROM epoch_key
WHERE wrapped IS NOT NULL AND controller COLLATE "C" = %(controller)s
ORDER BY controller COLLATE "C", retention_class COLLATE "C", day;
