-- The vault's own keys, and its server's clock.

-- name: read_secret
-- One of the vault's own keys, wrapped.
SELECT kek_id, wrapped FROM vault_secret WHERE name = %(name)s;

-- name: add_secret
-- Stores a key unless another process was first; then that one holds.
INSERT INTO vault_secret (name, kek_id, wrapped) VALUES (%(name)s, %(kek_id)s, %(wrapped)s)
ON CONFLICT DO NOTHING;

-- name: clock
-- The server's clock, in microseconds, to compare ours with.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
