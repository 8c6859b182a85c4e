-- What the vault has applied of the ledger's governance partition: destructions, and what is not kept at all.
-- It stands here and not in the store because it must be as old as the keys: a vault restored from a back-up has the
-- position of that day, and so carries out again what was destroyed since.

CREATE TABLE governance_position (
    one_row     boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    next_offset bigint  NOT NULL CHECK (next_offset >= 0)
);
INSERT INTO governance_position (next_offset) VALUES (0);
COMMENT ON TABLE governance_position IS 'The next offset of ledger partition 0 this vault has yet to apply.';

CREATE TABLE retention_setting (
    fact            uuid    PRIMARY KEY,
    controller      text    NOT NULL,
    retention_class text    NOT NULL,
    days            integer NOT NULL CHECK (days BETWEEN 0 AND 365),
    occurred_at     bigint  NOT NULL,
    ledger_offset   bigint  NOT NULL CHECK (ledger_offset >= 0)
);
CREATE INDEX retention_setting_of_class ON retention_setting (controller, retention_class, occurred_at);
COMMENT ON TABLE retention_setting IS 'How many days a customer has a class kept; 0 means not at all.';
COMMENT ON COLUMN retention_setting.fact IS 'The key of the fact in its stream, so that a repeat has no effect.';
COMMENT ON COLUMN retention_setting.occurred_at IS 'Microseconds since 1970-01-01T00:00Z.';

-- A subject is forgotten only once the sealers are past what the inbox held when that was learnt. Normally they are;
-- in a restored vault they seal again what they sealed before, and it must reach the old pseudonym, whose keys are gone.
CREATE TABLE forget_after (
    subject     uuid    NOT NULL,
    topic       text    NOT NULL,
    partition   integer NOT NULL,
    next_offset bigint  NOT NULL CHECK (next_offset >= 0),
    PRIMARY KEY (subject, topic, partition)
);
COMMENT ON TABLE forget_after IS 'Subjects to be forgotten, and how far each inbox partition must be sealed first.';
