-- Forgetting: subjects that are closed and forgotten, keys found by the hour, and what a hold keeps of a dead epoch.

ALTER TABLE subject
    ADD COLUMN closed_at    timestamptz,
    ADD COLUMN closed_why   text,
    ADD COLUMN forgotten_at timestamptz,
    ADD CONSTRAINT subject_closed_whole CHECK ((closed_at IS NULL) = (closed_why IS NULL)),
    ADD CONSTRAINT subject_closed_before_forgotten CHECK (forgotten_at IS NULL OR closed_at IS NOT NULL);
COMMENT ON COLUMN subject.closed_at IS 'Since when no key is made for it any more; each would be a tombstone.';
COMMENT ON COLUMN subject.closed_why IS 'The code that stands in those tombstones.';
COMMENT ON COLUMN subject.forgotten_at IS 'Since when no identifier leads to it, nor may again; its pseudonym still does.';

CREATE INDEX subject_closed ON subject (subject) WHERE closed_at IS NOT NULL;

-- The retention run reads this every hour; the tombstones of all past days must not be in its way.
CREATE INDEX epoch_key_live ON epoch_key (controller COLLATE "C", retention_class COLLATE "C", day)
    WHERE wrapped IS NOT NULL;

CREATE TABLE held_field (
    salt            bytea       NOT NULL CHECK (length(salt) = 32),
    field           text        NOT NULL,
    subject         uuid        NOT NULL,
    retention_class text        NOT NULL,
    kek_id          bytea       NOT NULL CHECK (length(kek_id) = 8),
    wrapped         bytea       NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (salt, field)
);
CREATE INDEX held_field_by_subject ON held_field (subject, retention_class);
COMMENT ON TABLE held_field IS
    'What opens one field of a held person after its epoch key is destroyed, wrapped; gone when the hold ends.';
COMMENT ON COLUMN held_field.salt IS 'The record''s salt: with the field it names one ciphertext.';
COMMENT ON COLUMN held_field.retention_class IS 'As in subject_key: with the subject it names the key this dies with.';
