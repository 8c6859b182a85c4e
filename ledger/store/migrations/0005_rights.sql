-- Rights, contracts and promises: findings by the promise they break, what shows a promise kept, deadlines, the cases of
-- controllers and what Art. 30 registers are made of: tables of ledger/projections. Text of unlimited length is in no
-- B-tree: a row that several of one entry share its coordinates with has a number, `item`.

-- Findings again, now by rule as well: one entry can break several promises in the same way. about: the purpose, right
-- or processors a finding is about, or empty.
ALTER TABLE findings RENAME TO findings_before;
ALTER INDEX findings_pkey RENAME TO findings_before_pkey;
ALTER INDEX findings_by_stream RENAME TO findings_before_by_stream;
ALTER INDEX findings_by_controller RENAME TO findings_before_by_controller;

CREATE TABLE findings (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    code             text    NOT NULL,
    rule             text    NOT NULL,
    judged_by        bigint  NOT NULL,
    judged_at        bigint  NOT NULL,
    state            text    NOT NULL CHECK (state IN ('open', 'resolved')),
    stream           uuid    NOT NULL,
    controller       text    NOT NULL,
    article          text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    expected         text    NOT NULL,
    found            text    NOT NULL,
    about            text    NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, code, rule, judged_by, state)
);
CREATE INDEX findings_by_stream ON findings (stream);
CREATE INDEX findings_by_controller ON findings (controller, code);

INSERT INTO findings
SELECT ledger_partition, ledger_offset, code, '', judged_by, judged_at, state, stream, controller, article, occurred_at,
       expected, found, ''
FROM findings_before;
DROP TABLE findings_before;

-- What entries show of promises: of each mark the first entry of a local month. The unique index is what makes it the
-- first only. month = year * 12 + month - 1. due_at: by when it is owed; null when the entry shows that it was kept.
CREATE TABLE promise_evidence (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    item             integer NOT NULL,
    controller       text    NOT NULL,
    mark             text    NOT NULL,
    rule             text    NOT NULL,
    detail           text    NOT NULL,
    month            integer NOT NULL,
    due_at           bigint,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, item)
);
CREATE UNIQUE INDEX promise_evidence_first ON promise_evidence (controller, mark, rule, detail, month, ledger_partition);

-- What became of each deadline, one row per change; the last of a stream, case, name and rule holds. started_by is the
-- offset, in the same ledger partition, of the entry that started it. calendar is null for hours.
CREATE TABLE deadlines (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    item             integer NOT NULL,
    controller       text    NOT NULL,
    stream           uuid    NOT NULL,
    case_kind        text    NOT NULL,
    case_id          text    NOT NULL,
    name             text    NOT NULL,
    rule             text    NOT NULL,
    article          text    NOT NULL,
    started_by       bigint  NOT NULL,
    starts_at        bigint  NOT NULL,
    ends_at          bigint  NOT NULL,
    other_ends_at    bigint,
    calendar         text,
    state            text    NOT NULL CHECK (state IN ('open', 'met', 'missed', 'void')),
    about            text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, item)
);
CREATE INDEX deadlines_by_stream ON deadlines (stream);

-- Each deadline as it was known at `as_of`: its last row.
CREATE FUNCTION deadlines_at(as_of bigint) RETURNS SETOF deadlines
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT ON (d.stream, d.case_kind, d.case_id, d.name, d.rule) d.*
    FROM deadlines AS d
    WHERE d.sealed_at <= as_of
    ORDER BY d.stream, d.case_kind, d.case_id, d.name, d.rule, d.ledger_offset DESC, d.item DESC;
END;

-- Requests of data subjects, one row per fact. document: the fact's open fields, JSON, in every table that has it.
CREATE TABLE rights_requests (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    controller       text    NOT NULL,
    request_id       text    NOT NULL,
    phase            text    NOT NULL,
    stream           uuid    NOT NULL,
    requested_right  text,
    channel          text,
    requester        text,
    received_by      text,
    bulk_id          text,
    outcome          text,
    ground           text,
    told_at          bigint,
    document         text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX rights_requests_by_stream ON rights_requests (stream);
CREATE INDEX rights_requests_by_id ON rights_requests USING hash (request_id);

-- Agreements, one row per fact. holds_from: the last of the two signatures, or null while one is missing. names: what a
-- statement under the agreement is about: a recording purpose, a sub-processor, an instruction.
CREATE TABLE agreements (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    controller       text    NOT NULL,
    agreement_id     text    NOT NULL,
    phase            text    NOT NULL,
    agreement_kind   text,
    document_version text,
    holds_from       bigint,
    ends_at          bigint,
    choice           text,
    purposes         text[]  NOT NULL,
    names            text,
    document         text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

-- What was said of each sub-processor: facts, and the lists of adopted packs (rule: pack:entry).
CREATE TABLE subprocessors (
    ledger_partition    integer NOT NULL,
    ledger_offset       bigint  NOT NULL,
    item                integer NOT NULL,
    controller          text    NOT NULL,
    subprocessor        text    NOT NULL,
    phase               text    NOT NULL,
    rule                text    NOT NULL,
    service             text,
    countries           text[]  NOT NULL,
    mechanism           text,
    valid_from          bigint,
    valid_until         bigint,
    safeguards          text,
    agreement_concluded boolean,
    optional            boolean,
    starts_at           bigint,
    occurred_at         bigint  NOT NULL,
    sealed_at           bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, item)
);

-- What transfers to third countries rest on by whose word; valid_until is the first moment it is no longer valid.
CREATE TABLE transfer_mechanisms (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    item             integer NOT NULL,
    controller       text    NOT NULL,
    recipient        text    NOT NULL,
    country          text    NOT NULL,
    stated_by        text    NOT NULL,
    rule             text    NOT NULL,
    mechanism        text,
    valid_from       bigint,
    valid_until      bigint,
    safeguards       text,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, item)
);

-- Third countries that entries show data to go to: the first entry of each ledger partition.
CREATE TABLE transfers (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    item             integer NOT NULL,
    controller       text    NOT NULL,
    role             text    NOT NULL,
    recipient        text    NOT NULL,
    country          text    NOT NULL,
    shown_as         text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, item)
);
CREATE UNIQUE INDEX transfers_first ON transfers (controller, role, recipient, country, shown_as, ledger_partition);

CREATE TABLE breaches (
    ledger_partition     integer NOT NULL,
    ledger_offset        bigint  NOT NULL,
    controller           text    NOT NULL,
    breach_id            text    NOT NULL,
    phase                text    NOT NULL,
    breach_kind          text,
    breach_began_at      bigint,
    risk                 text,
    recipient            text,
    subjects_approximate bigint,
    records_approximate  bigint,
    delay_reasons        text,
    more_follows         boolean,
    document             text    NOT NULL,
    occurred_at          bigint  NOT NULL,
    sealed_at            bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE audits (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    controller       text    NOT NULL,
    audit_id         text    NOT NULL,
    phase            text    NOT NULL,
    audit_kind       text,
    ground           text,
    ground_reference text,
    auditor          text,
    begins_at        bigint,
    ends_at          bigint,
    severity         text,
    costs_borne_by   text,
    document         text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE disclosures (
    ledger_partition    integer NOT NULL,
    ledger_offset       bigint  NOT NULL,
    controller          text    NOT NULL,
    disclosure_id       text    NOT NULL,
    phase               text    NOT NULL,
    subject             uuid,
    authority           text,
    authority_country   text,
    demand_kind         text,
    outcome             text,
    controller_informed boolean,
    document            text    NOT NULL,
    occurred_at         bigint  NOT NULL,
    sealed_at           bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE notices (
    ledger_partition   integer NOT NULL,
    ledger_offset      bigint  NOT NULL,
    controller         text    NOT NULL,
    notice_id          text    NOT NULL,
    phase              text    NOT NULL,
    notice_version     text,
    effective_at       bigint,
    replaces           text,
    sha256             text,
    uri                text,
    materially_changed boolean,
    told_by            text,
    audience           text,
    document           text    NOT NULL,
    occurred_at        bigint  NOT NULL,
    sealed_at          bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

-- What entries show of each activity: the first entry of each ledger partition. activity stands for the four columns
-- after it, which together are too long for an index.
CREATE TABLE processing_register (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    item             integer NOT NULL,
    activity         uuid    NOT NULL,
    controller       text    NOT NULL,
    role             text    NOT NULL,
    purpose          text    NOT NULL,
    lawful_basis     text    NOT NULL,
    aspect           text    NOT NULL,
    value            text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, item)
);
CREATE UNIQUE INDEX processing_register_first ON processing_register (activity, aspect, value, ledger_partition);
CREATE INDEX processing_register_by_controller ON processing_register (controller);

CREATE TABLE register_parties (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    controller       text    NOT NULL,
    party            text    NOT NULL,
    name             text    NOT NULL,
    contact          text    NOT NULL,
    country          text    NOT NULL,
    address          text,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE register_measures (
    ledger_partition        integer NOT NULL,
    ledger_offset           bigint  NOT NULL,
    controller              text    NOT NULL,
    measures                text[]  NOT NULL,
    description             text    NOT NULL,
    requested_by_controller boolean NOT NULL,
    occurred_at             bigint  NOT NULL,
    sealed_at               bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

-- For people with psql: what is open and holds now, with real timestamps.
CREATE VIEW open_findings WITH (security_invoker = true) AS
SELECT from_micros(occurred_at) AS occurred_at, code, rule, article, controller, stream, expected, found,
       from_micros(judged_at) AS judged_at, ledger_partition, ledger_offset, judged_by
FROM (
    SELECT DISTINCT ON (f.ledger_partition, f.ledger_offset, f.code, f.rule) f.*
    FROM findings AS f
    ORDER BY f.ledger_partition, f.ledger_offset, f.code, f.rule, f.judged_by DESC, f.state
) AS last_judgement
WHERE state = 'open';

CREATE VIEW deadline_status WITH (security_invoker = true) AS
SELECT controller, case_kind, case_id, name, rule, article, from_micros(starts_at) AS starts_at,
       from_micros(ends_at) AS ends_at, from_micros(other_ends_at) AS other_ends_at, calendar, state, stream,
       ledger_partition, started_by, ledger_offset
FROM deadlines_at(9223372036854775807);
