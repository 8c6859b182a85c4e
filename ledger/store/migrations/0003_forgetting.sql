-- What is to be forgotten, by which rule, and what became of it: tables of ledger/projections/{policies,holds,
-- retention,instructions,erasures,exports,trail_ends,recipients}.py. Text that publishers choose has no length, so
-- a B-tree is only over columns whose length the contract bounds; the others have hash indexes.

CREATE TABLE policies (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    controller       text    NOT NULL,
    pack             text    NOT NULL,
    pack_version     text    NOT NULL,
    content          text    NOT NULL,
    content_sha256   text    NOT NULL,
    region           text,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE retention_settings (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    controller       text    NOT NULL,
    retention_class  text    NOT NULL,
    days             integer NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE terminations (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    controller       text    NOT NULL,
    agreement_id     text    NOT NULL,
    ends_at          bigint  NOT NULL,
    choice           text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

-- A hold whose person is null is on all data of the controller.
CREATE TABLE holds (
    ledger_partition  integer NOT NULL,
    ledger_offset     bigint  NOT NULL,
    hold_id           text    NOT NULL,
    controller        text    NOT NULL,
    state             text    NOT NULL CHECK (state IN ('placed', 'lifted')),
    kind              text,
    subject           uuid,
    retention_classes text[]  NOT NULL,
    article           text,
    ends_at           bigint,
    occurred_at       bigint  NOT NULL,
    sealed_at         bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE restrictions (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    stream           uuid    NOT NULL,
    restriction_id   text    NOT NULL,
    controller       text    NOT NULL,
    state            text    NOT NULL CHECK (state IN ('set', 'lifted')),
    ground           text,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX restrictions_by_stream ON restrictions (stream);

-- A day's data (epoch_day), one fact's proof (subject and fact), or what a hold had put aside (subject alone).
CREATE TABLE retention_ends (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    run_id           text    NOT NULL,
    controller       text    NOT NULL,
    retention_class  text    NOT NULL,
    epoch_day        integer,
    subject          uuid,
    fact             uuid,
    starts           text    NOT NULL,
    period           text    NOT NULL,
    ended_at         bigint  NOT NULL,
    rule             text    NOT NULL,
    action           text    NOT NULL,
    held_by          text,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX retention_ends_by_controller ON retention_ends (controller);

CREATE TABLE key_destructions (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    destruction_id   text    NOT NULL,
    phase            text    NOT NULL,
    key_kind         text    NOT NULL,
    controller       text    NOT NULL,
    subject          uuid,
    epoch_day        integer,
    retention_class  text    NOT NULL,
    fact             uuid,
    why              text    NOT NULL,
    request_id       text,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX key_destructions_by_controller ON key_destructions (controller);
CREATE INDEX key_destructions_by_subject ON key_destructions (subject) WHERE subject IS NOT NULL;
CREATE INDEX key_destructions_by_fact ON key_destructions (fact) WHERE fact IS NOT NULL;
CREATE INDEX key_destructions_by_id ON key_destructions USING hash (destruction_id);

CREATE TABLE instructions (
    ledger_partition  integer NOT NULL,
    ledger_offset     bigint  NOT NULL,
    instruction       text    NOT NULL,
    controller        text    NOT NULL,
    recipient         text    NOT NULL,
    recipient_kind    text    NOT NULL,
    action            text    NOT NULL,
    erasure_id        text,
    run_id            text,
    subject           uuid,
    retention_classes text[]  NOT NULL,
    epochs            text[]  NOT NULL,
    except_subjects   text[]  NOT NULL,
    confirm_by        bigint  NOT NULL,
    occurred_at       bigint  NOT NULL,
    sealed_at         bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX instructions_by_erasure ON instructions USING hash (erasure_id);
CREATE INDEX instructions_by_run ON instructions USING hash (run_id);

-- The ledger's own results of an erasure; document holds the fact's open fields, JSON.
CREATE TABLE erasures (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    erasure_id       text    NOT NULL,
    stream           uuid    NOT NULL,
    controller       text    NOT NULL,
    phase            text    NOT NULL CHECK (phase IN ('started', 'searched', 'verified', 'incomplete')),
    trigger          text,
    request_id       text,
    document         text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX erasures_by_stream ON erasures (stream);
CREATE INDEX erasures_by_id ON erasures USING hash (erasure_id);

-- What services say they erased: of a person by the erasure's id, of days by the instruction's.
CREATE TABLE erasure_confirmations (
    ledger_partition  integer NOT NULL,
    ledger_offset     bigint  NOT NULL,
    erasure_id        text    NOT NULL,
    service           text    NOT NULL,
    source            text    NOT NULL,
    controller        text    NOT NULL,
    outcome           text    NOT NULL,
    refusal_ground    text,
    object_count      bigint  NOT NULL,
    backups_expire_at bigint,
    occurred_at       bigint  NOT NULL,
    sealed_at         bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);
CREATE INDEX erasure_confirmations_by_id ON erasure_confirmations USING hash (erasure_id);

CREATE TABLE exports (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    export_id        text    NOT NULL,
    controller       text    NOT NULL,
    subject          uuid,
    reason           text    NOT NULL,
    entries          bigint  NOT NULL,
    opened_fields    bigint  NOT NULL,
    sha256           text    NOT NULL,
    hold_id          text,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

CREATE TABLE trail_ends (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    before           bigint  NOT NULL,
    period           text    NOT NULL,
    rule             text    NOT NULL,
    occurred_at      bigint  NOT NULL,
    sealed_at        bigint  NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset)
);

-- Who handles a controller's data, and in which facts: the first entry of each ledger partition that shows it. The
-- unique index is what makes it the first only.
CREATE TABLE recipients (
    ledger_partition integer NOT NULL,
    ledger_offset    bigint  NOT NULL,
    controller       text    NOT NULL,
    name             text    NOT NULL,
    kind             text    NOT NULL CHECK (kind IN ('service', 'processor')),
    event_type       text    NOT NULL,
    PRIMARY KEY (ledger_partition, ledger_offset, kind, name)
);
CREATE UNIQUE INDEX recipients_first ON recipients (controller, name, kind, event_type, ledger_partition);

-- What a retention period came to, by what was sealed at or before `as_of`: one row per day's data and per proof, and
-- per person and class of what a hold had put aside, which has no key of its own and goes with the fact of its end.
-- `due_from` is when it had to go: the end of the period, or when it was found to be held no longer. `late` is null
-- while the destruction is not confirmed: only who has a clock can tell then.
CREATE FUNCTION retention_status_at(as_of bigint)
RETURNS TABLE (
    controller text, retention_class text, epoch_day integer, subject uuid, fact uuid, starts text, period text,
    rule text, action text, ended_at bigint, due_from bigint, found_at bigint, held_by text, intent_at bigint,
    confirmed_at bigint, state text, late boolean, ledger_partition integer, ledger_offset bigint,
    confirmed_partition integer, confirmed_offset bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT e.controller, e.retention_class, e.epoch_day, e.subject, e.fact, e.starts, e.period, e.rule, e.action,
           e.ended_at, e.due_from, e.found_at, e.held_by, d.intent_at,
           coalesce(d.confirmed_at, e.released_at),
           CASE WHEN d.confirmed_at IS NOT NULL OR e.released_at IS NOT NULL THEN 'destroyed'
                WHEN d.intent_at IS NOT NULL THEN 'destroying'
                WHEN e.held_by IS NOT NULL THEN 'held'
                ELSE 'due' END,
           -- 48 hours after the end of a period everything is gone.
           coalesce(d.confirmed_at, e.released_at) > e.due_from + 172800000000,
           e.ledger_partition, e.ledger_offset, d.confirmed_partition, d.confirmed_offset
    FROM (
        SELECT last_end.*,
               greatest(last_end.ended_at,
                        CASE WHEN last_end.was_held AND last_end.held_by IS NULL THEN last_end.occurred_at END)
                   AS due_from,
               CASE WHEN last_end.epoch_day IS NULL AND last_end.fact IS NULL THEN last_end.occurred_at END
                   AS released_at
        FROM (
            SELECT DISTINCT ON (r.controller, r.retention_class, r.epoch_day, r.subject, r.fact)
                   r.controller, r.retention_class, r.epoch_day, r.subject, r.fact, r.starts, r.period, r.rule,
                   r.action, r.ended_at, r.held_by, r.occurred_at, r.ledger_partition, r.ledger_offset,
                   min(r.occurred_at) OVER target AS found_at,
                   bool_or(r.held_by IS NOT NULL) OVER target AS was_held
            FROM retention_ends AS r
            WHERE r.sealed_at <= as_of
            WINDOW target AS (PARTITION BY r.controller, r.retention_class, r.epoch_day, r.subject, r.fact)
            ORDER BY r.controller, r.retention_class, r.epoch_day, r.subject, r.fact, r.ledger_offset DESC
        ) AS last_end
    ) AS e
    LEFT JOIN (
        SELECT k.controller, k.retention_class, k.epoch_day, k.fact,
               min(k.occurred_at) FILTER (WHERE k.phase = 'intent') AS intent_at,
               min(k.occurred_at) FILTER (WHERE k.phase = 'confirmed') AS confirmed_at,
               min(k.ledger_partition) FILTER (WHERE k.phase = 'confirmed') AS confirmed_partition,
               min(k.ledger_offset) FILTER (WHERE k.phase = 'confirmed') AS confirmed_offset
        FROM key_destructions AS k
        WHERE k.sealed_at <= as_of AND (k.epoch_day IS NOT NULL OR k.fact IS NOT NULL)
        GROUP BY k.controller, k.retention_class, k.epoch_day, k.fact
    ) AS d
      ON d.controller = e.controller AND d.retention_class = e.retention_class
     -- Either of the two is null on both sides; written so that the join can hash.
     AND coalesce(d.epoch_day, -2147483648) = coalesce(e.epoch_day, -2147483648)
     AND coalesce(d.fact, '00000000-0000-0000-0000-000000000000')
       = coalesce(e.fact, '00000000-0000-0000-0000-000000000000');
END;

-- Every instruction with its recipient's last confirmation, by what was sealed at or before `as_of`. Whether one is
-- silent past `confirm_by` is for who has a clock. Names are compared without case, as packs state them. What counts
-- as an answer is told in ledger/forgetting/erasure_decision.py: a service answers for itself, for a processor one
-- that was told of the same, and nobody before the instruction was given.
CREATE FUNCTION instruction_status_at(as_of bigint)
RETURNS TABLE (
    instruction text, controller text, recipient text, recipient_kind text, action text, erasure_id text,
    run_id text, subject uuid, retention_classes text[], epochs text[], confirm_by bigint, instructed_at bigint,
    confirmed_at bigint, outcome text, refusal_ground text, object_count bigint, backups_expire_at bigint,
    state text, ledger_partition integer, ledger_offset bigint, confirmed_partition integer, confirmed_offset bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.instruction, i.controller, i.recipient, i.recipient_kind, i.action, i.erasure_id, i.run_id, i.subject,
           i.retention_classes, i.epochs, i.confirm_by, i.occurred_at, c.occurred_at, c.outcome, c.refusal_ground,
           c.object_count, c.backups_expire_at,
           CASE WHEN c.outcome IS NULL THEN 'waiting'
                WHEN c.outcome IN ('erased', 'anonymised', 'nothing_found') THEN 'confirmed'
                WHEN c.outcome = 'refused' THEN 'refused'
                ELSE 'partly' END,
           i.ledger_partition, i.ledger_offset, c.ledger_partition, c.ledger_offset
    FROM instructions AS i
    LEFT JOIN LATERAL (
        SELECT x.occurred_at, x.outcome, x.refusal_ground, x.object_count, x.backups_expire_at, x.ledger_partition,
               x.ledger_offset
        FROM erasure_confirmations AS x
        WHERE x.erasure_id = coalesce(i.erasure_id, i.instruction)
          AND x.controller = i.controller AND lower(x.service) = lower(i.recipient)
          AND x.sealed_at <= as_of AND x.sealed_at >= i.occurred_at
          AND (x.source = i.recipient
               OR i.recipient_kind = 'processor' AND EXISTS (
                   SELECT FROM instructions AS told
                   WHERE (told.erasure_id = i.erasure_id OR told.run_id = i.run_id)
                     AND told.controller = i.controller AND told.recipient_kind = 'service'
                     AND told.recipient = x.source AND told.sealed_at <= as_of))
        ORDER BY x.sealed_at DESC, x.ledger_partition DESC, x.ledger_offset DESC
        LIMIT 1
    ) AS c ON true
    WHERE i.sealed_at <= as_of;
END;

-- Every erasure and each of its recipients (Art. 19), by what was sealed at or before `as_of`; an erasure without
-- recipients has one row all the same. `result` is its last: verified, incomplete, or null before there is one.
CREATE FUNCTION erasure_status_at(as_of bigint)
RETURNS TABLE (
    erasure_id text, stream uuid, controller text, trigger text, started_at bigint, recipient text,
    recipient_kind text, confirm_by bigint, instructed_at bigint, confirmed_at bigint, outcome text, state text,
    backups_expire_at bigint, result text, result_at bigint, ledger_partition integer, ledger_offset bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.erasure_id, s.stream, s.controller, s.trigger, s.occurred_at, r.name, r.kind,
           coalesce(i.confirm_by, r.confirm_by), i.instructed_at, i.confirmed_at, i.outcome,
           CASE WHEN r.name IS NULL THEN NULL ELSE coalesce(i.state, 'not_instructed') END,
           i.backups_expire_at, x.phase, x.occurred_at, s.ledger_partition, s.ledger_offset
    FROM erasures AS s
    LEFT JOIN LATERAL jsonb_to_recordset(s.document::jsonb -> 'recipients')
        AS r (name text, kind text, confirm_by bigint) ON true
    LEFT JOIN instruction_status_at(as_of) AS i
      ON i.erasure_id = s.erasure_id AND i.recipient = r.name AND i.recipient_kind = r.kind
    LEFT JOIN LATERAL (
        SELECT y.phase, y.occurred_at
        FROM erasures AS y
        WHERE y.erasure_id = s.erasure_id AND y.stream = s.stream AND y.phase IN ('verified', 'incomplete')
          AND y.sealed_at <= as_of
        ORDER BY y.ledger_offset DESC
        LIMIT 1
    ) AS x ON true
    WHERE s.phase = 'started' AND s.sealed_at <= as_of;
END;

-- For people with psql: the two as they are now, with real timestamps and dates.
CREATE VIEW retention_status WITH (security_invoker = true) AS
SELECT controller, retention_class, date '1970-01-01' + epoch_day AS epoch_day, subject, fact, starts, period, rule,
       action, from_micros(ended_at) AS ended_at, from_micros(due_from) AS due_from,
       from_micros(found_at) AS found_at, held_by, from_micros(intent_at) AS intent_at,
       from_micros(confirmed_at) AS confirmed_at, state, late, ledger_partition, ledger_offset,
       confirmed_partition, confirmed_offset
FROM retention_status_at(9223372036854775807);

CREATE VIEW erasure_status WITH (security_invoker = true) AS
SELECT erasure_id, stream, controller, trigger, from_micros(started_at) AS started_at, recipient, recipient_kind,
       from_micros(confirm_by) AS confirm_by, from_micros(instructed_at) AS instructed_at,
       from_micros(confirmed_at) AS confirmed_at, outcome, state,
       from_micros(backups_expire_at) AS backups_expire_at, result, from_micros(result_at) AS result_at,
       ledger_partition, ledger_offset
FROM erasure_status_at(9223372036854775807);
