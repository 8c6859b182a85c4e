-- name: note_issued_export
-- Notes where an archive of personal data was put.
INSERT INTO issued_export (export_id, controller, subject, host, path, sha256, made_at)
VALUES (%(export_id)s, %(controller)s, %(subject)s, %(host)s, %(path)s, %(sha256)s, %(made_at)s)
ON CONFLICT (export_id) DO NOTHING;

-- name: complete_issued_export
-- The digest of an archive that is whole.
UPDATE issued_export SET sha256 = %(sha256)s WHERE export_id = %(export_id)s;

-- name: closed_of
-- How many closed subjects a controller has, or whether the one is.
SELECT count(*) FROM subject
WHERE controller = %(controller)s AND (%(subject)s::uuid IS NULL OR subject = %(subject)s) AND closed_at IS NOT NULL;

-- name: issued_exports
-- The archives that can hold a data subject's data, oldest first.
SELECT export_id, controller, subject, host, path, sha256, made_at
FROM issued_export
WHERE controller = %(controller)s AND (subject IS NULL OR subject = %(subject)s)
ORDER BY made_at, export_id;

-- name: forget_issued_export
-- Takes the note of an archive away.
DELETE FROM issued_export WHERE export_id = %(export_id)s;
