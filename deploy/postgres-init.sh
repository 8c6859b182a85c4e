#!/usr/bin/env bash
# Two databases, two roles, and neither role may connect to the other's database: what the vault can forget must not be
# joined to what the ledger keeps. Runs once, when PostgreSQL's data directory is empty; as the superuser.
# Environment: LEDGER_STORE_PASSWORD, LEDGER_VAULT_PASSWORD; PGHOST and the like as psql reads them.
set -euo pipefail
: "${LEDGER_STORE_PASSWORD:?the password of the role ledger_store is not set}"
: "${LEDGER_VAULT_PASSWORD:?the password of the role ledger_vault is not set}"

# The passwords go in through the environment, not as arguments: those any process on the machine can see.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-postgres}" <<'SQL'
\getenv store_password LEDGER_STORE_PASSWORD
\getenv vault_password LEDGER_VAULT_PASSWORD
CREATE ROLE ledger_store LOGIN PASSWORD :'store_password';
CREATE ROLE ledger_vault LOGIN PASSWORD :'vault_password';
CREATE DATABASE ledger OWNER ledger_store;
CREATE DATABASE vault OWNER ledger_vault;
REVOKE CONNECT, TEMPORARY ON DATABASE ledger FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE vault FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
REVOKE CONNECT ON DATABASE template1 FROM PUBLIC;
SQL
