-- The event store: what took effect, what did not, snapshots, and how far each ledger partition is recorded.
-- Names are unqualified: the migration runner sets search_path to the schema, live or shadow.
-- stored_event_uuid, stored_snapshots, ledger_tracking and the index stored_events_notification_id_idx have the
-- names and layouts the eventsourcing library's PostgreSQL recorders expect (9.5).

CREATE TYPE stored_event_uuid AS (
    originator_id      uuid,
    originator_version bigint,
    topic              text,
    state              bytea
);

-- One row per ledger record that took effect. `state` is the record's Kafka value verbatim. Coordinates are null
-- only for rows written through the library's own insert_events.
CREATE TABLE stored_events (
    originator_id      uuid      NOT NULL,
    originator_version bigint    NOT NULL,
    topic              text      NOT NULL,
    state              bytea     NOT NULL,
    notification_id    bigserial NOT NULL,
    ledger_partition   integer,
    ledger_offset      bigint,
    fact_key           uuid,
    PRIMARY KEY (originator_id, originator_version),
    CHECK ((ledger_partition IS NULL) = (ledger_offset IS NULL)),
    CHECK (ledger_partition >= 0 AND ledger_offset >= 0)
);
CREATE UNIQUE INDEX stored_events_notification_id_idx ON stored_events (notification_id);
CREATE UNIQUE INDEX stored_events_coordinates_idx ON stored_events (ledger_partition, ledger_offset)
    WHERE ledger_offset IS NOT NULL;
CREATE UNIQUE INDEX stored_events_fact_key_idx ON stored_events (fact_key) WHERE fact_key IS NOT NULL;

-- Ledger records without effect: leaves of the tree all the same, so their bytes are kept verbatim.
CREATE TABLE ignored_records (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    kind             text    NOT NULL CHECK (kind IN ('resealed', 'out_of_chain', 'repeated')),
    source_topic     text    NOT NULL,
    source_partition integer NOT NULL,
    source_offset    bigint  NOT NULL,
    part             integer NOT NULL,
    state            bytea   NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE stored_snapshots (
    originator_id      uuid   NOT NULL,
    originator_version bigint NOT NULL,
    topic              text   NOT NULL,
    state              bytea  NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);

-- One row per ledger partition, 'ledger-<n>', holding the last recorded offset. The half-empty pages leave room
-- for heap-only updates: the row changes with every batch.
CREATE TABLE ledger_tracking (
    application_name text   NOT NULL PRIMARY KEY,
    notification_id  bigint NOT NULL
) WITH (fillfactor = 50);
-- The library's mark of its single-row tracking layout; without it the library would migrate the table.
INSERT INTO ledger_tracking (application_name, notification_id) VALUES ('__migration__', 1);

-- Source position of the last record that took effect, per chain (inbox partition -> ledger partition).
CREATE TABLE chain_marks (
    source_topic     text    NOT NULL,
    source_partition integer NOT NULL,
    ledger_partition integer NOT NULL,
    source_offset    bigint  NOT NULL,
    part             integer NOT NULL,
    PRIMARY KEY (source_topic, source_partition, ledger_partition)
) WITH (fillfactor = 50);

-- What became of each ledger partition's records: how many took effect (entries); of inbox records, counted by
-- their first part, how many were accepted, rejected or a publisher's duplicates; of records without effect, how
-- many were sealed twice or out of chain.
CREATE TABLE ledger_counters (
    ledger_partition integer NOT NULL PRIMARY KEY,
    entries          bigint  NOT NULL,
    accepted         bigint  NOT NULL,
    rejected         bigint  NOT NULL,
    duplicates       bigint  NOT NULL,
    resealed         bigint  NOT NULL,
    out_of_chain     bigint  NOT NULL
) WITH (fillfactor = 50);
