-- Looking through whole databases, whatever tables they have.

-- name: tables
-- Every table, partitioned table and materialised view of the connection's schema, with about how many rows it has.
SELECT c.relname, greatest(c.reltuples, 0)::bigint
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace
  AND c.relkind IN ('r', 'p', 'm')
  AND NOT c.relispartition
ORDER BY c.relname COLLATE "C";
