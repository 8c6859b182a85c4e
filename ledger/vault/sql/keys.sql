-- Keys by batch. A row whose `wrapped` is null is a tombstone. Arrays go in binary (%()b): as text psycopg escapes
-- every byte of them.

-- name: read_subject_keys
-- The subject keys of a batch, tombstones among them.
SELECT subject, retention_class, kek_id, wrapped
FROM unnest(%(subjects)b::uuid[], %(classes)b::text[]) AS asked (subject, retention_class)
JOIN subject_key USING (subject, retention_class);

-- name: add_subject_keys
-- Makes subject keys where there is neither key nor tombstone; in key order, against deadlocks.
INSERT INTO subject_key (subject, retention_class, kek_id, wrapped)
SELECT subject, retention_class, kek_id, wrapped
FROM unnest(%(subjects)b::uuid[], %(classes)b::text[], %(kek_ids)b::bytea[], %(wrapped)b::bytea[])
    AS made (subject, retention_class, kek_id, wrapped)
ORDER BY subject, retention_class COLLATE "C"
ON CONFLICT DO NOTHING
RETURNING subject, retention_class;

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
