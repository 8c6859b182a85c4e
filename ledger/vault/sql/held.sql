-- What a hold keeps of single fields. "Of a class" means of its part before a colon: `class` or `class:fact`.

-- name: hold
-- Stores secrets whose subject key lives, never over what is held or a tombstone. The lock on the key's row makes its
-- destroyer wait and then see these rows.
WITH held AS (
    SELECT * FROM unnest(
        %(salts)b::bytea[], %(fields)b::text[], %(subjects)b::uuid[], %(classes)b::text[],
        %(kek_ids)b::bytea[], %(wrapped)b::bytea[]
    ) AS held (salt, field, subject, retention_class, kek_id, wrapped)
), live AS (
    SELECT subject, retention_class FROM subject_key
    WHERE wrapped IS NOT NULL AND (subject, retention_class) IN (SELECT subject, retention_class FROM held)
    ORDER BY subject, retention_class COLLATE "C"
    FOR SHARE
)
INSERT INTO held_field (salt, field, subject, retention_class, kek_id, wrapped, rules_at)
SELECT salt, field, subject, retention_class, kek_id, wrapped, (SELECT next_offset FROM governance_position)
FROM held JOIN live USING (subject, retention_class)
ORDER BY salt, field COLLATE "C"
ON CONFLICT DO NOTHING
RETURNING salt, field, rules_at;

-- name: read
-- What is held of some records.
SELECT salt, field, subject, retention_class, kek_id, wrapped FROM held_field
WHERE salt = ANY (%(salts)b::bytea[]) AND wrapped IS NOT NULL;

-- name: release
-- Makes tombstones of what is held of a subject: of some classes, or all when none are named; with an offset, only what
-- was put aside before the vault had applied it. Locked in the order in which a rotation locks, against deadlocks.
WITH doomed AS (
    SELECT salt, field FROM held_field
    WHERE subject = %(subject)s AND wrapped IS NOT NULL
        AND (%(classes)s::text[] IS NULL OR split_part(retention_class, ':', 1) = ANY (%(classes)s::text[]))
        AND (%(offset)s::bigint IS NULL OR rules_at <= %(offset)s)
    ORDER BY salt, field COLLATE "C"
    FOR UPDATE
)
UPDATE held_field AS held SET kek_id = NULL, wrapped = NULL, released_at = now()
FROM doomed
WHERE held.salt = doomed.salt AND held.field = doomed.field;

-- name: count
-- How many fields are held of a subject, as in `release`.
SELECT count(*) FROM held_field
WHERE subject = %(subject)s AND wrapped IS NOT NULL
    AND (%(classes)s::text[] IS NULL OR split_part(retention_class, ':', 1) = ANY (%(classes)s::text[]))
    AND (%(offset)s::bigint IS NULL OR rules_at <= %(offset)s);

-- name: subjects
-- Of whom anything is held, by controller and class; a hold is on a person, so each has a row of their own.
SELECT DISTINCT s.controller COLLATE "C" AS controller, h.subject,
    split_part(h.retention_class, ':', 1) COLLATE "C" AS retention_class
FROM held_field AS h JOIN subject AS s USING (subject)
WHERE h.wrapped IS NOT NULL
ORDER BY controller, subject, retention_class;
