-- trying_until is the last offset being tried, so that one record alone can be tried.

ALTER TABLE sealer_progress DROP CONSTRAINT sealer_progress_trying_whole;
ALTER TABLE sealer_progress ADD CONSTRAINT sealer_progress_trying_whole CHECK (
    (trying_offset IS NULL AND trying_until IS NULL AND attempts = 0)
    OR (trying_offset IS NOT NULL AND trying_until >= trying_offset AND attempts > 0)
);
COMMENT ON COLUMN sealer_progress.trying_until IS 'The last offset of what is being tried, itself included.';
