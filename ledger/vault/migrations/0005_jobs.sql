-- Which slot of which job was taken: each at most once, whichever scheduler leads. It stands in the vault, which the
-- processes that run jobs must reach anyway; losing it costs one repeated run, and every job may be repeated.

CREATE TABLE job_run (
    job           text        NOT NULL,
    scheduled_for timestamptz NOT NULL,
    leader        uuid        NOT NULL,
    attempts      integer     NOT NULL DEFAULT 1 CHECK (attempts > 0),
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    outcome       text,
    PRIMARY KEY (job, scheduled_for),
    CONSTRAINT job_run_finished_whole CHECK ((finished_at IS NULL) = (outcome IS NULL))
);
COMMENT ON TABLE job_run IS 'Slots of jobs by when they were due; without finished_at, under way or cut short.';
COMMENT ON COLUMN job_run.leader IS 'The scheduler''s leadership that took the slot; another may take it up unfinished.';
COMMENT ON COLUMN job_run.outcome IS 'done, or the kind of error it ended with; never free text.';
