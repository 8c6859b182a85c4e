-- A held field that was released leaves a tombstone, as a key does: a second copy must not bring it back.

ALTER TABLE held_field
    ALTER COLUMN kek_id DROP NOT NULL,
    ALTER COLUMN wrapped DROP NOT NULL,
    ADD COLUMN released_at timestamptz,
    ADD COLUMN rules_at bigint NOT NULL DEFAULT 0 CHECK (rules_at >= 0),
    ADD CONSTRAINT held_field_whole
        CHECK ((wrapped IS NULL) = (kek_id IS NULL) AND (wrapped IS NULL) = (released_at IS NOT NULL));
COMMENT ON TABLE held_field IS
    'What opens one field of a held person after its epoch key is destroyed, wrapped; a tombstone when the hold ended.';
COMMENT ON COLUMN held_field.released_at IS 'Since when nothing is held of it, and nothing is ever again.';
COMMENT ON COLUMN held_field.rules_at IS
    'The next offset of ledger partition 0 this vault had yet to apply then: a release at a smaller one is not of it.';

-- The retention run reads this every hour; tombstones must not be in its way.
CREATE INDEX held_field_live ON held_field (subject, retention_class) WHERE wrapped IS NOT NULL;
