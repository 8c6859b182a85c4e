-- Erasures that may go on because something that kept a class has ended since.

-- name: held_erasures
-- The people of whom an erasure kept a class for another reason than a legal duty, by when the first one started.
SELECT stream
FROM erasures
WHERE phase = 'started' AND document::jsonb @? '$.kept[*] ? (@.why != "legal_duty")'
GROUP BY stream
ORDER BY min(sealed_at), stream;
