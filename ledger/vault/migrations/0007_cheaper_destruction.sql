-- A destruction takes KEKs away and brings none, so the register of KEKs has nothing to say about it. What a statement
-- changes is looked at row by row, and only where a row comes under another KEK: in a rotation.

CREATE OR REPLACE FUNCTION refuse_unregistered_kek() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    used   bytea[] := ARRAY(SELECT DISTINCT kek_id FROM made WHERE kek_id IS NOT NULL);
    locked bigint;
BEGIN
    IF cardinality(used) = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM FROM kek WHERE kek_id = ANY (used) FOR KEY SHARE;
    GET DIAGNOSTICS locked = ROW_COUNT;
    IF locked <> cardinality(used) THEN
        RAISE EXCEPTION 'a key is wrapped under a KEK that is not registered'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'wrapped_under_registered_kek', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_other_kek() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM kek WHERE kek_id = NEW.kek_id FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a key is wrapped under a KEK that is not registered'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'wrapped_under_registered_kek', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER subject_key_changed ON subject_key;
CREATE TRIGGER subject_key_changed AFTER UPDATE ON subject_key
    FOR EACH ROW WHEN (NEW.kek_id IS NOT NULL AND NEW.kek_id IS DISTINCT FROM OLD.kek_id)
    EXECUTE FUNCTION refuse_other_kek();
DROP TRIGGER epoch_key_changed ON epoch_key;
CREATE TRIGGER epoch_key_changed AFTER UPDATE ON epoch_key
    FOR EACH ROW WHEN (NEW.kek_id IS NOT NULL AND NEW.kek_id IS DISTINCT FROM OLD.kek_id)
    EXECUTE FUNCTION refuse_other_kek();
