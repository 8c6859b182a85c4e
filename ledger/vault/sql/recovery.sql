-- Putting back what a restored vault lost. Staged rows live in the session's own temporary tables; of the copies of one
-- name the one with the greatest number counts: see copies.py.

-- name: stage
-- Where copies are collected, wrapped as they are; gone with the session.
CREATE TEMPORARY TABLE staged_subject (copy_order bigint, subject uuid, controller text);
CREATE TEMPORARY TABLE staged_link (copy_order bigint, controller text, identifier_index bytea, subject uuid);
CREATE TEMPORARY TABLE staged_subject_key (
    copy_order bigint, subject uuid, retention_class text, kek_id bytea, wrapped bytea
);
CREATE TEMPORARY TABLE staged_epoch_key (
    copy_order bigint, controller text, retention_class text, day integer, kek_id bytea, wrapped bytea
);
CREATE TEMPORARY TABLE staged_held_field (
    copy_order bigint, salt bytea, field text, subject uuid, retention_class text, kek_id bytea, wrapped bytea,
    rules_at bigint
);

-- name: add_subjects
-- Subjects that are in the copies and not in the vault.
INSERT INTO subject (subject, controller)
SELECT DISTINCT ON (subject) subject, controller FROM staged_subject ORDER BY subject, copy_order DESC
ON CONFLICT DO NOTHING;

-- name: add_subjects_of_log
-- Subjects that are in the log and not in the vault: so that their pseudonyms resolve.
INSERT INTO subject (subject, controller)
SELECT subject, controller FROM unnest(%(subjects)b::uuid[], %(controllers)b::text[]) AS seen (subject, controller)
ORDER BY subject
ON CONFLICT DO NOTHING;

-- name: replace_links
-- A link from before the back-up, and a copy made after it that leads elsewhere: the old subject was forgotten in
-- between, or the identifier could not have been linked anew. Nobody is to reach it again.
UPDATE directory AS link SET subject = last.subject
FROM (
    SELECT DISTINCT ON (controller, identifier_index) * FROM staged_link
    ORDER BY controller, identifier_index, copy_order DESC
) AS last
JOIN subject ON subject.subject = last.subject AND subject.forgotten_at IS NULL
WHERE last.copy_order > %(known)s AND link.subject <> last.subject
    AND link.controller = last.controller AND link.identifier_index = last.identifier_index;

-- name: add_links
-- Identifiers that are in the copies and lead nowhere, unless their subject is forgotten.
INSERT INTO directory (controller, identifier_index, subject)
SELECT last.controller, last.identifier_index, last.subject
FROM (
    SELECT DISTINCT ON (controller, identifier_index) * FROM staged_link
    ORDER BY controller, identifier_index, copy_order DESC
) AS last
JOIN subject ON subject.subject = last.subject AND subject.forgotten_at IS NULL
ON CONFLICT DO NOTHING;

-- name: lost_subject_key
-- Subject keys that are in the copies and have neither row nor tombstone.
SELECT DISTINCT ON (subject, retention_class) kek_id, wrapped, subject, retention_class
FROM staged_subject_key AS staged
WHERE NOT EXISTS (
    SELECT FROM subject_key AS key
    WHERE key.subject = staged.subject AND key.retention_class = staged.retention_class
)
ORDER BY subject, retention_class, copy_order DESC;

-- name: lost_epoch_key
-- Epoch keys, likewise.
SELECT DISTINCT ON (controller, retention_class, day) kek_id, wrapped, controller, retention_class, day
FROM staged_epoch_key AS staged
WHERE NOT EXISTS (
    SELECT FROM epoch_key AS key
    WHERE key.controller = staged.controller AND key.retention_class = staged.retention_class
        AND key.day = staged.day
)
ORDER BY controller, retention_class, day, copy_order DESC;

-- name: lost_held_field
-- Held fields, likewise; those whose subject key is dead died with it, and those released have a tombstone.
SELECT DISTINCT ON (salt, field) kek_id, wrapped, salt, field, subject, retention_class, rules_at
FROM staged_held_field AS staged
WHERE NOT EXISTS (SELECT FROM held_field AS held WHERE held.salt = staged.salt AND held.field = staged.field)
    AND EXISTS (
        SELECT FROM subject_key AS key
        WHERE key.subject = staged.subject AND key.retention_class = staged.retention_class
            AND key.wrapped IS NOT NULL
    )
ORDER BY salt, field, copy_order DESC;

-- name: add_subject_key
-- Never over a key or a tombstone.
INSERT INTO subject_key (kek_id, wrapped, subject, retention_class)
SELECT * FROM unnest(%(kek_ids)b::bytea[], %(wrapped)b::bytea[], %(c0)b::uuid[], %(c1)b::text[])
ON CONFLICT DO NOTHING;

-- name: add_epoch_key
-- As `add_subject_key`.
INSERT INTO epoch_key (kek_id, wrapped, controller, retention_class, day)
SELECT * FROM unnest(%(kek_ids)b::bytea[], %(wrapped)b::bytea[], %(c0)b::text[], %(c1)b::text[], %(c2)s::integer[])
ON CONFLICT DO NOTHING;

-- name: add_held_field
-- As `add_subject_key`.
INSERT INTO held_field (kek_id, wrapped, salt, field, subject, retention_class, rules_at)
SELECT * FROM unnest(
    %(kek_ids)b::bytea[], %(wrapped)b::bytea[], %(c0)b::bytea[], %(c1)b::text[], %(c2)b::uuid[], %(c3)b::text[],
    %(c4)s::bigint[]
)
ON CONFLICT DO NOTHING;

-- name: raise_order
-- Numbers drawn from now on are above every one in the topic.
SELECT setval('copy_order', greatest(%(newest)s, (SELECT last_value FROM copy_order)), true);

-- name: follow_from_start
-- Every destruction in the ledger is applied again before this vault serves: also those that were applied before the
-- keys they destroy were put back.
UPDATE governance_position SET next_offset = 0;

-- name: absent_subjects
-- Pseudonyms that the vault does not know.
SELECT asked FROM unnest(%(subjects)b::uuid[]) AS asked
WHERE NOT EXISTS (SELECT FROM subject WHERE subject.subject = asked);

-- name: absent_subject_keys
-- Names that have neither key nor tombstone.
SELECT subject, retention_class
FROM unnest(%(subjects)b::uuid[], %(classes)b::text[]) AS asked (subject, retention_class)
WHERE NOT EXISTS (
    SELECT FROM subject_key AS key
    WHERE key.subject = asked.subject AND key.retention_class = asked.retention_class
);

-- name: absent_epoch_keys
-- Names that have neither key nor tombstone.
SELECT controller, retention_class, day
FROM unnest(%(controllers)b::text[], %(classes)b::text[], %(days)s::integer[])
    AS asked (controller, retention_class, day)
WHERE NOT EXISTS (
    SELECT FROM epoch_key AS key
    WHERE key.controller = asked.controller AND key.retention_class = asked.retention_class
        AND key.day = asked.day
);

-- name: move_progress
-- The position of an inbox partition, where the vault is behind the log.
INSERT INTO sealer_progress (topic, partition, next_offset) VALUES (%(topic)s, %(partition)s, %(next_offset)s)
ON CONFLICT (topic, partition) DO UPDATE
    SET next_offset = excluded.next_offset, trying_offset = NULL, trying_until = NULL, attempts = 0
    WHERE sealer_progress.next_offset < excluded.next_offset;

-- name: mark_sent
-- How far records of an inbox partition are in the log: nobody is forgotten before they are sealed again (in_flight.py).
INSERT INTO sealer_progress (topic, partition, next_offset, sealing_until)
VALUES (%(topic)s, %(partition)s, %(begin)s, %(sent_until)s)
ON CONFLICT (topic, partition) DO UPDATE
    SET sealing_until = excluded.sealing_until
    WHERE sealer_progress.sealing_until < excluded.sealing_until
        AND sealer_progress.next_offset < excluded.sealing_until;

-- name: set_chain
-- The ends of its chains, as the log has them below that position.
INSERT INTO sealer_chain (topic, partition, ledger_partition, source_offset, part)
SELECT %(topic)s, %(partition)s, ledger_partition, source_offset, part
FROM unnest(%(ledger_partitions)s::integer[], %(offsets)s::bigint[], %(parts)s::integer[])
    AS sent (ledger_partition, source_offset, part)
ON CONFLICT (topic, partition, ledger_partition) DO UPDATE
    SET source_offset = excluded.source_offset, part = excluded.part;
