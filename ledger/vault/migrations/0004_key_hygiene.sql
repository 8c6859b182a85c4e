-- Key hygiene: under which key-encryption keys (KEKs) keys may be wrapped, and the order of second copies.

CREATE TABLE kek (
    kek_id        bytea       PRIMARY KEY CHECK (length(kek_id) = 8),
    registered_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO kek (kek_id)
    SELECT kek_id FROM vault_secret
    UNION SELECT kek_id FROM subject_key WHERE kek_id IS NOT NULL
    UNION SELECT kek_id FROM epoch_key WHERE kek_id IS NOT NULL
    UNION SELECT kek_id FROM held_field;
COMMENT ON TABLE kek IS 'The KEKs a key may be wrapped under from now on, by id: one, and two while one replaces another.';

-- Once per statement, not per row as a foreign key would: a batch makes thousands of keys under one KEK. The row lock
-- is held until the transaction ends, and whoever retires a KEK waits for it: see ledger/vault/kek_register.py.
-- The search path is fixed, so that it also holds for a restore that sets none.
CREATE FUNCTION refuse_unregistered_kek() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    used   bytea[] := ARRAY(SELECT DISTINCT kek_id FROM made WHERE kek_id IS NOT NULL);
    locked bigint;
BEGIN
    PERFORM FROM kek WHERE kek_id = ANY (used) FOR KEY SHARE;
    GET DIAGNOSTICS locked = ROW_COUNT;
    IF locked <> cardinality(used) THEN
        RAISE EXCEPTION 'a key is wrapped under a KEK that is not registered'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'wrapped_under_registered_kek', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER subject_key_made AFTER INSERT ON subject_key REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unregistered_kek();
CREATE TRIGGER subject_key_changed AFTER UPDATE ON subject_key REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unregistered_kek();
CREATE TRIGGER epoch_key_made AFTER INSERT ON epoch_key REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unregistered_kek();
CREATE TRIGGER epoch_key_changed AFTER UPDATE ON epoch_key REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unregistered_kek();
CREATE TRIGGER held_field_made AFTER INSERT ON held_field REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unregistered_kek();
CREATE TRIGGER held_field_changed AFTER UPDATE ON held_field REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unregistered_kek();
CREATE TRIGGER vault_secret_made AFTER INSERT ON vault_secret REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unregistered_kek();
CREATE TRIGGER vault_secret_changed AFTER UPDATE ON vault_secret REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unregistered_kek();

CREATE SEQUENCE copy_order;
COMMENT ON SEQUENCE copy_order IS 'Numbers second copies in the order in which their rows were made: ledger/vault/copies.py.';
