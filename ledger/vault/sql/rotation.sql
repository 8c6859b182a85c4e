-- Rewrapping every key in the vault. Rows are walked in the order of the primary key, from after a given one; those
-- without `wrapped` are tombstones and hold nothing. `under` says which are wanted: those under the KEK, or the others.

-- name: try_lock
-- One rotation of a vault at a time; given back when the session ends, however it ends.
SELECT pg_try_advisory_lock(%(class)s, hashtext(current_schema()));

-- name: count_others
-- How many rows of each table are wrapped under another KEK than this one.
SELECT
    (SELECT count(*) FROM subject_key WHERE kek_id <> %(kek_id)s),
    (SELECT count(*) FROM epoch_key WHERE kek_id <> %(kek_id)s),
    (SELECT count(*) FROM held_field WHERE kek_id <> %(kek_id)s),
    (SELECT count(*) FROM vault_secret WHERE kek_id <> %(kek_id)s);

-- name: walk_subject_key
-- The next subject keys.
SELECT kek_id, wrapped, subject, retention_class FROM subject_key
WHERE (subject, retention_class) > (%(k0)s, %(k1)s) AND (kek_id = %(kek_id)s) = %(under)s
ORDER BY subject, retention_class LIMIT %(limit)s;

-- name: walk_epoch_key
-- The next epoch keys.
SELECT kek_id, wrapped, controller, retention_class, day FROM epoch_key
WHERE (controller, retention_class, day) > (%(k0)s, %(k1)s, %(k2)s) AND (kek_id = %(kek_id)s) = %(under)s
ORDER BY controller, retention_class, day LIMIT %(limit)s;

-- name: walk_held_field
-- The next held fields.
SELECT kek_id, wrapped, salt, field, subject, retention_class FROM held_field
WHERE (salt, field) > (%(k0)s, %(k1)s) AND (kek_id = %(kek_id)s) = %(under)s
ORDER BY salt, field LIMIT %(limit)s;

-- name: walk_vault_secret
-- The next of the vault's own keys.
SELECT kek_id, wrapped, name FROM vault_secret
WHERE name > %(k0)s AND (kek_id = %(kek_id)s) = %(under)s
ORDER BY name LIMIT %(limit)s;

-- name: rewrap_subject_key
-- New bytes for a batch of rows, where the old ones still stand: a key destroyed meanwhile stays destroyed. Locked in
-- the order in which destroyers lock, against deadlocks.
WITH fresh AS (
    SELECT * FROM unnest(%(k0)b::uuid[], %(k1)b::text[], %(was)b::bytea[], %(wrapped)b::bytea[])
        AS fresh (subject, retention_class, was, wrapped)
), locked AS (
    SELECT key.subject, key.retention_class, fresh.wrapped
    FROM subject_key AS key JOIN fresh USING (subject, retention_class)
    WHERE key.wrapped = fresh.was
    ORDER BY key.subject, key.retention_class COLLATE "C"
    FOR UPDATE OF key
)
UPDATE subject_key AS key SET kek_id = %(kek_id)s, wrapped = locked.wrapped FROM locked
WHERE key.subject = locked.subject AND key.retention_class = locked.retention_class;

-- name: rewrap_epoch_key
-- As `rewrap_subject_key`.
WITH fresh AS (
    SELECT *
    FROM unnest(%(k0)b::text[], %(k1)b::text[], %(k2)s::integer[], %(was)b::bytea[], %(wrapped)b::bytea[])
        AS fresh (controller, retention_class, day, was, wrapped)
), locked AS (
    SELECT key.controller, key.retention_class, key.day, fresh.wrapped
    FROM epoch_key AS key JOIN fresh USING (controller, retention_class, day)
    WHERE key.wrapped = fresh.was
    ORDER BY key.controller COLLATE "C", key.retention_class COLLATE "C", key.day
    FOR UPDATE OF key
)
UPDATE epoch_key AS key SET kek_id = %(kek_id)s, wrapped = locked.wrapped FROM locked
WHERE key.controller = locked.controller AND key.retention_class = locked.retention_class AND key.day = locked.day;

-- name: rewrap_held_field
-- As `rewrap_subject_key`; a field released meanwhile has no row.
WITH fresh AS (
    SELECT * FROM unnest(%(k0)b::bytea[], %(k1)b::text[], %(was)b::bytea[], %(wrapped)b::bytea[])
        AS fresh (salt, field, was, wrapped)
), locked AS (
    SELECT key.salt, key.field, fresh.wrapped
    FROM held_field AS key JOIN fresh USING (salt, field)
    WHERE key.wrapped = fresh.was
    ORDER BY key.salt, key.field COLLATE "C"
    FOR UPDATE OF key
)
UPDATE held_field AS key SET kek_id = %(kek_id)s, wrapped = locked.wrapped FROM locked
WHERE key.salt = locked.salt AND key.field = locked.field;

-- name: rewrap_vault_secret
-- As `rewrap_subject_key`.
UPDATE vault_secret AS key SET kek_id = %(kek_id)s, wrapped = fresh.wrapped
FROM unnest(%(k0)b::text[], %(was)b::bytea[], %(wrapped)b::bytea[]) AS fresh (name, was, wrapped)
WHERE key.name = fresh.name AND key.wrapped = fresh.was;
