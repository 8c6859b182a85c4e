-- Which slot of which job was taken, in the vault's database.

-- name: claim
-- Takes a slot that nobody took, or one that another leader took and did not finish; no row when it is not ours.
INSERT INTO job_run (job, scheduled_for, leader) VALUES (%(job)s, %(slot)s, %(leader)s)
ON CONFLICT (job, scheduled_for) DO UPDATE
    SET leader = excluded.leader, attempts = job_run.attempts + 1, started_at = now()
    WHERE job_run.finished_at IS NULL AND job_run.leader <> excluded.leader AND job_run.attempts < %(attempts_max)s
RETURNING attempts;

-- name: finish
-- Says how a slot ended.
UPDATE job_run SET finished_at = now(), outcome = %(outcome)s
WHERE job = %(job)s AND scheduled_for = %(slot)s AND leader = %(leader)s;

-- name: forget_old
-- Slots so old that nobody catches up with them.
DELETE FROM job_run WHERE job = %(job)s AND scheduled_for < %(before)s;
