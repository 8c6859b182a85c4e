-- name: aspects
-- Each value that entries show of each activity, with the first entry that does, by what was known; null does not
-- restrict.
SELECT DISTINCT ON (controller, role, purpose, lawful_basis, aspect, value)
       controller, role, purpose, lawful_basis, aspect, value, ledger_partition, ledger_offset
FROM processing_register
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
ORDER BY controller, role, purpose, lawful_basis, aspect, value, occurred_at, ledger_partition, ledger_offset;

-- name: parties
-- Who is who, as it was registered last: of joint controllers and processors each by name, of the others one; null does
-- not restrict.
SELECT DISTINCT ON (controller, party, named)
       controller, party, name, contact, country, address, ledger_partition, ledger_offset
FROM (
    SELECT *, CASE WHEN party IN ('joint_controller', 'processor') THEN name ELSE '' END AS named
    FROM register_parties
    WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
      AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
      AND occurred_at <= %(now)s
) AS registered
ORDER BY controller, party, named, occurred_at DESC, ledger_partition DESC, ledger_offset DESC;

-- name: measures
-- The measures of each controller, as they were described last; null does not restrict.
SELECT DISTINCT ON (controller) controller, measures, description, ledger_partition, ledger_offset
FROM register_measures
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
  AND occurred_at <= %(now)s
ORDER BY controller, occurred_at DESC, ledger_partition DESC, ledger_offset DESC;

-- name: mechanisms
-- Every statement about what transfers rest on, in the order of the log, by what was known; null does not restrict.
SELECT controller, recipient, country, mechanism, valid_from, valid_until, safeguards, ledger_partition, ledger_offset,
       stated_by, occurred_at
FROM transfer_mechanisms
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
ORDER BY ledger_partition, ledger_offset, item;

-- name: transfers
-- Third countries that entries show data to go to, with the first entry that does; null does not restrict.
SELECT DISTINCT ON (controller, role, recipient, country, shown_as)
       controller, role, recipient, country, shown_as, ledger_partition, ledger_offset
FROM transfers
WHERE (%(controller)s::text IS NULL OR controller = %(controller)s)
  AND (%(as_of)s::bigint IS NULL OR sealed_at <= %(as_of)s)
ORDER BY controller, role, recipient, country, shown_as, occurred_at, ledger_partition, ledger_offset;
