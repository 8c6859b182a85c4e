-- The vault's own keys.

-- name: read_secret
-- One of the vault's own keys, wrapped.
SELECT kek_id, wrapped FROM vault_secret WHERE name = %(name)s;

-- name: add_secret
-- Stores a key unless another process was first; then that one holds.
INSERT INTO vault_secret (name, kek_id, wrapped) VALUES (%(name)s, %(kek_id)s, %(wrapped)s)
ON CONFLICT DO NOTHING;
