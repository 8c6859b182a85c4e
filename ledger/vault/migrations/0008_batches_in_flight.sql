-- How far a sealer may have sent records that its position does not know of yet: see ledger/vault/in_flight.py.

ALTER TABLE sealer_progress ADD COLUMN sealing_until bigint NOT NULL DEFAULT 0 CHECK (sealing_until >= 0);
COMMENT ON COLUMN sealer_progress.sealing_until IS
    'No record of an offset from here on was sent; above next_offset: a batch is in flight, or its sealer died.';

-- A function, because order is everything here and one statement has none: the gate first, then a look at the positions
-- as they are by then. It also saves the sealer two round trips per batch.
CREATE FUNCTION begin_sealing(
    class integer, key integer, topics text[], partitions integer[], expected bigint[], untils bigint[]
) RETURNS boolean LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    standing bigint;
BEGIN
    PERFORM pg_advisory_lock_shared(class, key);
    PERFORM FROM sealer_progress AS progress
    JOIN unnest(topics, partitions, expected) AS batch (topic, partition, next_offset)
        USING (topic, partition, next_offset)
    ORDER BY topic, partition
    FOR NO KEY UPDATE OF progress;
    GET DIAGNOSTICS standing = ROW_COUNT;
    IF standing <> cardinality(topics) THEN
        PERFORM pg_advisory_unlock_shared(class, key);
        RETURN false;
    END IF;
    UPDATE sealer_progress AS progress SET sealing_until = greatest(sealing_until, batch.until)
    FROM unnest(topics, partitions, untils) AS batch (topic, partition, until)
    WHERE progress.topic = batch.topic AND progress.partition = batch.partition;
    RETURN true;
END $$;
COMMENT ON FUNCTION begin_sealing IS
    'Takes the gate for the session and marks a batch; false, with nothing taken or marked, when a position moved.';
