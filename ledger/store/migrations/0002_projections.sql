-- The tables of ledger/projections. Times are microseconds since 1970-01-01T00:00Z, because publishers may
-- claim any year; the *_readable views turn them into timestamps.

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
    subject_roles    text[]  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX audit_trail_by_stream ON audit_trail (stream, occurred_at);
CREATE INDEX audit_trail_by_controller ON audit_trail (controller, occurred_at);

CREATE TABLE consent_proof (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    stream           uuid    NOT NULL,
    purpose          text    NOT NULL,
    state            text    NOT NULL CHECK (state IN ('given', 'refused', 'withdrawn')),
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    controller       text    NOT NULL,
    category         text,
    method           text,
    language         text,
    notice_version   text,
    notice_hash      text,
    expires_at       bigint,
    evidence         text    NOT NULL CHECK (evidence IN ('sealed', 'dropped', 'none')),
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX consent_proof_by_stream ON consent_proof (stream, purpose, occurred_at);

-- Judgements, never changed: the last one of an entry and code holds. judged_by is the offset, in the same ledger
-- partition, of the record that caused it; judged_at when that record was sealed.
CREATE TABLE findings (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    code             text    NOT NULL,
    judged_by        bigint  NOT NULL,
    judged_at        bigint  NOT NULL,
    state            text    NOT NULL CHECK (state IN ('open', 'resolved')),
    stream           uuid    NOT NULL,
    controller       text    NOT NULL,
    article          text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    expected         text    NOT NULL,
    found            text    NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, code, judged_by, state)
);
CREATE INDEX findings_by_stream ON findings (stream);
CREATE INDEX findings_by_controller ON findings (controller, code);

CREATE TABLE rejections (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    source_topic     text    NOT NULL,
    source_partition integer NOT NULL,
    source_offset    bigint  NOT NULL,
    reason           text    NOT NULL,
    detail           text    NOT NULL,
    attempts         integer NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE rejection_retries (
    ledger_partition   integer NOT NULL,
    ledger_offset      bigint  NOT NULL,
    rejected_partition integer NOT NULL,
    rejected_offset    bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

-- For people with psql: the audit trail with real timestamps. Years PostgreSQL cannot hold show as null.
CREATE FUNCTION from_micros(micros bigint) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN micros BETWEEN -62135596800000000 AND 253402300799999999
                THEN timestamptz 'epoch' + micros * interval '1 microsecond' END;

CREATE VIEW audit_trail_readable WITH (security_invoker = true) AS
SELECT ledger_partition, ledger_offset, stream, stream_version, stream_kind, event_type,
       from_micros(occurred_at) AS occurred_at, from_micros(sealed_at) AS sealed_at,
       controller, role, purpose, lawful_basis, data_categories, processors, storage_country, subject_roles
FROM audit_trail;

CREATE VIEW consent_proof_readable WITH (security_invoker = true) AS
SELECT ledger_partition, ledger_offset, stream, purpose, state,
       from_micros(occurred_at) AS occurred_at, from_micros(sealed_at) AS sealed_at,
       controller, category, method, language, notice_version, notice_hash,
       from_micros(expires_at) AS expires_at, evidence
FROM consent_proof;
