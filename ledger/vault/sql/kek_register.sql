-- Which KEKs a key may be wrapped under.

-- name: register_first
-- The KEK of a new vault. Two first openers with different KEKs: the loser fails at the vault's secrets and undoes this.
INSERT INTO kek (kek_id) SELECT %(kek_id)s WHERE NOT EXISTS (SELECT FROM kek)
ON CONFLICT DO NOTHING;

-- name: register
-- Lets keys be wrapped under a KEK.
INSERT INTO kek (kek_id) VALUES (%(kek_id)s) ON CONFLICT DO NOTHING;

-- name: lock
-- Waits for every transaction that has wrapped keys: they hold row locks here, and with them ROW SHARE.
LOCK TABLE kek IN EXCLUSIVE MODE;

-- name: retire_others
-- Every KEK but one is opened with only.
DELETE FROM kek WHERE kek_id <> %(kek_id)s;
