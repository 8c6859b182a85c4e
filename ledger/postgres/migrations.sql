-- The migration runner's own table, in the schema it migrates.

-- name: create_history
-- What was applied to this schema, with the checksum of the file as it was then.
CREATE TABLE IF NOT EXISTS schema_migration (
    version    integer     PRIMARY KEY CHECK (version > 0),
    name       text        NOT NULL,
    checksum   bytea       NOT NULL CHECK (length(checksum) = 32),
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: history_exists
-- Whether this schema was ever migrated.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_tables WHERE schemaname = %(schema)s AND tablename = 'schema_migration'
);

-- name: set_search_path
-- Unqualified names mean this schema, until the transaction ends.
SELECT set_config('search_path', %(schema)s, true);

-- name: lock_migrations
-- One migrator at a time; the lock ends with the transaction.
SELECT pg_advisory_xact_lock(%(class)s::integer, %(key)s::integer);

-- name: applied_migrations
-- What was applied, in order.
SELECT version, name, checksum FROM schema_migration ORDER BY version;

-- name: record_migration
-- Notes one migration as applied, in its own transaction.
INSERT INTO schema_migration (version, name, checksum) VALUES (%(version)s, %(name)s, %(checksum)s);
