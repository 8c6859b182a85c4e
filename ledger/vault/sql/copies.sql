-- The numbers of second copies.

-- name: next_order
-- A number for the copy of what this transaction made; after its inserts, see copies.py.
SELECT nextval('copy_order');

-- name: last_order
-- The greatest number ever drawn.
SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM copy_order;
