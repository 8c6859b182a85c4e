-- Statements of ledger/store/event_recorder.py. Each begins with its name and purpose; {schema} is filled in as an
-- identifier, values are parameters.

-- name: copy_entries
-- Records that took effect; notification_id comes from its sequence, hence the lock before this.
COPY {schema}.stored_events
    (originator_id, originator_version, topic, state, ledger_partition, ledger_offset, fact_key)
FROM STDIN (FORMAT BINARY);

-- name: copy_ignored
-- Records without effect.
COPY {schema}.ignored_records
    (ledger_partition, ledger_offset, kind, source_topic, source_partition, source_offset, part, state)
FROM STDIN (FORMAT BINARY);

-- name: copy_snapshots
-- Aggregate states at fixed versions.
COPY {schema}.stored_snapshots (originator_id, originator_version, topic, state) FROM STDIN (FORMAT BINARY);

-- name: advance
-- Moves a partition's position only from where the caller believes it to be.
UPDATE {schema}.ledger_tracking SET notification_id = %(new)s
WHERE application_name = %(name)s AND notification_id = %(expected)s;

-- name: begin
-- The first position of a partition; a concurrent first position wins or loses here, never both.
INSERT INTO {schema}.ledger_tracking (application_name, notification_id) VALUES (%(name)s, %(new)s)
ON CONFLICT (application_name) DO NOTHING;

-- name: positions
-- The last recorded offset of every ledger partition.
SELECT application_name, notification_id FROM {schema}.ledger_tracking
WHERE application_name ~ '^ledger-[0-9]+$'
ORDER BY application_name;

-- name: select_events_of
-- Events of many aggregates. LATERAL with ORDER BY cannot be flattened, so every plan is one index scan per
-- aggregate, whatever the statistics say of a table that grew since.
SELECT e.originator_id, e.originator_version, e.topic, e.state, e.ledger_offset
FROM unnest(%(ids)s::uuid[], %(after)s::bigint[]) AS wanted (id, after)
CROSS JOIN LATERAL (
    SELECT originator_id, originator_version, topic, state, ledger_offset
    FROM {schema}.stored_events
    WHERE originator_id = wanted.id AND originator_version > wanted.after
    ORDER BY originator_version
) AS e;

-- name: select_events
-- Events of one aggregate between two versions, the oldest first.
SELECT originator_id, originator_version, topic, state, ledger_offset
FROM {schema}.stored_events
WHERE originator_id = %(id)s AND originator_version > %(gt)s AND originator_version <= %(lte)s
ORDER BY originator_version
LIMIT %(limit)s;

-- name: select_last_events
-- Events of one aggregate between two versions, the newest first.
SELECT originator_id, originator_version, topic, state, ledger_offset
FROM {schema}.stored_events
WHERE originator_id = %(id)s AND originator_version > %(gt)s AND originator_version <= %(lte)s
ORDER BY originator_version DESC
LIMIT %(limit)s;

-- name: select_latest_snapshots
-- The newest snapshot of each of many aggregates.
SELECT s.originator_id, s.originator_version, s.topic, s.state
FROM unnest(%(ids)s::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT originator_id, originator_version, topic, state
    FROM {schema}.stored_snapshots
    WHERE originator_id = wanted.id
    ORDER BY originator_version DESC
    LIMIT 1
) AS s;

-- name: select_facts
-- Facts already recorded under these keys, with what is needed to compare their content.
SELECT e.fact_key, e.originator_id, e.originator_version, e.ledger_partition, e.ledger_offset, e.state
FROM unnest(%(keys)s::uuid[]) AS wanted (fact_key)
CROSS JOIN LATERAL (
    SELECT fact_key, originator_id, originator_version, ledger_partition, ledger_offset, state
    FROM {schema}.stored_events
    WHERE fact_key = wanted.fact_key
    LIMIT 1
) AS e;
