-- The end of a data subject: closed, then forgotten.

-- name: state
-- Whether a subject is closed, and forgotten.
SELECT closed_at IS NOT NULL, forgotten_at IS NOT NULL FROM subject WHERE subject = %(subject)s;

-- name: close
-- Bars keys not made yet. Waits for those being made, which hold this row FOR SHARE.
UPDATE subject SET closed_at = now(), closed_why = %(why)s WHERE subject = %(subject)s AND closed_at IS NULL;

-- name: add_closed
-- A subject that a restored back-up does not know, closed from the start.
INSERT INTO subject (subject, controller, closed_at, closed_why)
VALUES (%(subject)s, %(controller)s, now(), %(why)s)
ON CONFLICT DO NOTHING;

-- name: closed_subjects
-- Every closed subject.
SELECT subject FROM subject WHERE closed_at IS NOT NULL ORDER BY subject;

-- name: still_known
-- Those of these subjects that are not forgotten: one that does not exist is among them.
SELECT asked.subject
FROM unnest(%(subjects)s::uuid[]) WITH ORDINALITY AS asked (subject, place)
WHERE EXISTS (SELECT FROM directory WHERE directory.subject = asked.subject)
    OR NOT EXISTS (
        SELECT FROM subject WHERE subject.subject = asked.subject AND subject.forgotten_at IS NOT NULL
    )
ORDER BY asked.place;

-- name: mark_forgotten
-- Bars new identifiers. Waits for those being linked, which hold this row FOR SHARE.
UPDATE subject SET forgotten_at = now() WHERE subject = %(subject)s AND forgotten_at IS NULL;

-- name: unlink
-- Removes the identifiers. A statement of its own after `mark_forgotten`, so that it sees what that one waited for.
DELETE FROM directory WHERE subject = %(subject)s;

-- name: directory_count
-- How many identifiers lead to a subject.
SELECT count(*) FROM directory WHERE subject = %(subject)s;
