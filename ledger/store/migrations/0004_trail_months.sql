-- The audit trail in months of sealed_at, so that what is past its period leaves in whole partitions and not row by
-- row. A month begins at its first moment UTC, in microseconds since 1970-01-01T00:00Z, as every time here.

CREATE FUNCTION trail_month(micros bigint) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_trunc('month', timestamp 'epoch' + micros * interval '1 microsecond')::date;

CREATE FUNCTION trail_month_start(month date) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (extract(epoch FROM month::timestamp) * 1000000)::bigint;

CREATE FUNCTION trail_month_name(month date) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN 'audit_trail_' || to_char(month, 'YYYY_MM');

DROP VIEW audit_trail_readable;
ALTER TABLE audit_trail RENAME TO audit_trail_whole;
ALTER INDEX audit_trail_pkey RENAME TO audit_trail_whole_pkey;
ALTER INDEX audit_trail_by_stream RENAME TO audit_trail_whole_by_stream;
ALTER INDEX audit_trail_by_controller RENAME TO audit_trail_whole_by_controller;

CREATE TABLE audit_trail (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    stream           uuid    NOT NULL,
    stream_version   bigint  NOT NULL,
    stream_kind      text    NOT NULL,
    event_type       text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    controller       text    NOT NULL,
    role             text    NOT NULL,
    purpose          text    NOT NULL,
    lawful_basis     text    NOT NULL,
    data_categories  text[]  NOT NULL,
    processors       text[]  NOT NULL,
    storage_country  text    NOT NULL,
    subject_roles    text[]  NOT NULL
) PARTITION BY RANGE (sealed_at);
-- No primary key: it would have to hold sealed_at too, in every entry. stored_events keeps coordinates unique.
CREATE INDEX audit_trail_by_coordinates ON audit_trail (ledger_partition, ledger_offset);
CREATE INDEX audit_trail_by_stream ON audit_trail (stream, occurred_at);
CREATE INDEX audit_trail_by_controller ON audit_trail (controller, occurred_at);

-- Makes the partition of a month unless it is there. It is made apart and attached: CREATE TABLE ... PARTITION OF would
-- lock out every reader of the trail, ATTACH locks out only other changes of the table. The lock in front is until
-- commit, so two recorders never make the same month.
CREATE FUNCTION ensure_trail_month(month date) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    name text := trail_month_name(month);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.audit_trail', 0));
    IF to_regclass(quote_ident(current_schema()) || '.' || quote_ident(name)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE audit_trail INCLUDING DEFAULTS)', name);
    EXECUTE format('ALTER TABLE audit_trail ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name,
                   trail_month_start(month), trail_month_start((month + interval '1 month')::date));
END $$;

SELECT ensure_trail_month(month) FROM (SELECT DISTINCT trail_month(sealed_at) AS month FROM audit_trail_whole) AS months;
INSERT INTO audit_trail SELECT * FROM audit_trail_whole;
DROP TABLE audit_trail_whole;

-- Entries sealed before this are past the trail's period, whether their month has been dropped yet or not.
CREATE FUNCTION trail_begins() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce((SELECT max(before) FROM trail_ends), '-9223372036854775808'::bigint);

-- Drops the months that lie wholly before a moment; how many those were. Readers wait for the catalogue change only.
CREATE FUNCTION drop_trail_months(before bigint) RETURNS integer
    LANGUAGE plpgsql AS $$
DECLARE
    name text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.audit_trail', 0));
    FOR name IN
        SELECT c.relname
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit_trail'::regclass AND c.relname < trail_month_name(trail_month(before))
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE %I', name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

CREATE VIEW audit_trail_readable WITH (security_invoker = true) AS
SELECT ledger_partition, ledger_offset, stream, stream_version, stream_kind, event_type,
       from_micros(occurred_at) AS occurred_at, from_micros(sealed_at) AS sealed_at,
       controller, role, purpose, lawful_basis, data_categories, processors, storage_country, subject_roles
FROM audit_trail
WHERE sealed_at >= trail_begins();
