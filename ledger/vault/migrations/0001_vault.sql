-- The vault: who is who, the keys that open what is sealed, and how far each sealer came.
-- Keys stand here wrapped only; the key-encryption key is not in PostgreSQL. No identifier stands here in any form
-- that could be read or tried without a key of the vault.

CREATE TABLE vault_secret (
    name    text  PRIMARY KEY,
    kek_id  bytea NOT NULL CHECK (length(kek_id) = 8),
    wrapped bytea NOT NULL
);
COMMENT ON TABLE vault_secret IS 'Keys of the vault itself, wrapped; identifier_index keys the directory.';

CREATE TABLE subject (
    subject    uuid        PRIMARY KEY,
    controller text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE subject IS 'Data subjects by random pseudonym, each of one controller.';

CREATE TABLE directory (
    controller       text        NOT NULL,
    identifier_index bytea       NOT NULL CHECK (length(identifier_index) = 32),
    subject          uuid        NOT NULL REFERENCES subject,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (controller, identifier_index)
);
CREATE INDEX directory_by_subject ON directory (subject);
COMMENT ON TABLE directory IS 'Blind index of an identifier -> subject, per controller.';

-- A key and its tombstone are one row, so that the primary key itself decides between making and destroying:
-- whichever commits first, the other sees it. A destroyed row stays for ever and keeps its key from coming back.
CREATE TABLE subject_key (
    subject         uuid        NOT NULL,
    retention_class text        NOT NULL,
    kek_id          bytea       CHECK (length(kek_id) = 8),
    wrapped         bytea,
    created_at      timestamptz NOT NULL DEFAULT now(),
    destroyed_at    timestamptz,
    why             text,
    PRIMARY KEY (subject, retention_class),
    CONSTRAINT subject_key_lives_or_is_destroyed CHECK (
        (wrapped IS NOT NULL AND kek_id IS NOT NULL AND destroyed_at IS NULL AND why IS NULL)
        OR (wrapped IS NULL AND kek_id IS NULL AND destroyed_at IS NOT NULL AND why IS NOT NULL)
    )
);
COMMENT ON TABLE subject_key IS 'SK: one per data subject and retention class, wrapped; or the tombstone of one.';

CREATE TABLE epoch_key (
    controller      text        NOT NULL,
    retention_class text        NOT NULL,
    day             integer     NOT NULL,
    kek_id          bytea       CHECK (length(kek_id) = 8),
    wrapped         bytea,
    created_at      timestamptz NOT NULL DEFAULT now(),
    destroyed_at    timestamptz,
    why             text,
    PRIMARY KEY (controller, retention_class, day),
    CONSTRAINT epoch_key_lives_or_is_destroyed CHECK (
        (wrapped IS NOT NULL AND kek_id IS NOT NULL AND destroyed_at IS NULL AND why IS NULL)
        OR (wrapped IS NULL AND kek_id IS NULL AND destroyed_at IS NOT NULL AND why IS NOT NULL)
    )
);
COMMENT ON TABLE epoch_key IS 'EK: one per controller, retention class and local day, wrapped; or the tombstone of one.';
COMMENT ON COLUMN epoch_key.day IS 'Days since 1970-01-01, local time.';

CREATE VIEW destroyed_subject_key AS
    SELECT subject, retention_class, destroyed_at, why FROM subject_key WHERE destroyed_at IS NOT NULL;
CREATE VIEW destroyed_epoch_key AS
    SELECT controller, retention_class, day, destroyed_at, why FROM epoch_key WHERE destroyed_at IS NOT NULL;

CREATE TABLE sealer_progress (
    topic         text    NOT NULL,
    partition     integer NOT NULL CHECK (partition >= 0),
    next_offset   bigint  NOT NULL CHECK (next_offset >= 0),
    trying_offset bigint,
    trying_until  bigint,
    attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    PRIMARY KEY (topic, partition),
    CONSTRAINT sealer_progress_trying_whole CHECK (
        (trying_offset IS NULL AND trying_until IS NULL AND attempts = 0)
        OR (trying_offset IS NOT NULL AND trying_until >= trying_offset AND attempts > 0)
    )
);
COMMENT ON TABLE sealer_progress IS 'Per inbox partition: the next offset to seal, and what is being tried now.';

CREATE TABLE sealer_chain (
    topic            text    NOT NULL,
    partition        integer NOT NULL,
    ledger_partition integer NOT NULL CHECK (ledger_partition >= 0),
    source_offset    bigint  NOT NULL CHECK (source_offset >= 0),
    part             integer NOT NULL CHECK (part >= 0),
    PRIMARY KEY (topic, partition, ledger_partition),
    FOREIGN KEY (topic, partition) REFERENCES sealer_progress
);
COMMENT ON TABLE sealer_chain IS 'The last source position sent from an inbox partition to a ledger partition.';
