-- Who an identifier belongs to. Arrays carry a whole batch in one statement.

-- name: known_identifiers
-- The subjects that identifiers of a batch already belong to.
SELECT controller, identifier_index, subject
FROM unnest(%(controllers)b::text[], %(indexes)b::bytea[]) AS asked (controller, identifier_index)
JOIN directory USING (controller, identifier_index);

-- name: known_subjects
-- Which pseudonyms exist, each with its controller, and whether it is forgotten.
SELECT subject, controller, forgotten_at IS NOT NULL FROM subject WHERE subject = ANY (%(subjects)b::uuid[]);

-- name: add_subjects
-- New data subjects of a batch.
INSERT INTO subject (subject, controller)
SELECT * FROM unnest(%(subjects)b::uuid[], %(controllers)b::text[]);

-- name: link_identifiers
-- Links identifiers to subjects that are not forgotten; always in key order, so that two batches wait for each other
-- and never deadlock. FOR SHARE keeps a subject from being forgotten between our look and our commit; see closing.py.
WITH linked AS (
    SELECT * FROM unnest(%(controllers)b::text[], %(indexes)b::bytea[], %(subjects)b::uuid[])
        AS linked (controller, identifier_index, subject)
), known AS (
    SELECT subject FROM subject
    WHERE subject = ANY (%(subjects)b::uuid[]) AND forgotten_at IS NULL
    ORDER BY subject
    FOR SHARE
)
INSERT INTO directory (controller, identifier_index, subject)
SELECT controller, identifier_index, subject
FROM linked JOIN known USING (subject)
ORDER BY controller COLLATE "C", identifier_index
ON CONFLICT DO NOTHING;

-- name: find
-- The subject one controller knows by an identifier.
SELECT subject FROM directory WHERE controller = %(controller)s AND identifier_index = %(index)s;

-- name: controllers
-- Every controller in the directory: one index probe per controller, not a scan of the people.
WITH RECURSIVE step AS (
    SELECT min(controller) AS controller FROM directory
    UNION ALL
    SELECT (SELECT min(d.controller) FROM directory d WHERE d.controller > step.controller)
    FROM step WHERE step.controller IS NOT NULL
)
SELECT controller FROM step WHERE controller IS NOT NULL ORDER BY controller COLLATE "C";
