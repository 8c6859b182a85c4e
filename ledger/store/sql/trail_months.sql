-- Statements of ledger/store/trail_months.py.

-- name: entries_before
-- Whether the audit trail still shows entries sealed before a moment.
SELECT EXISTS (SELECT FROM audit_trail WHERE sealed_at < %(before)s AND sealed_at >= trail_begins());

-- name: drop_months
-- Drops the months that lie before the newest end of the trail that was sealed before a moment.
SELECT drop_trail_months(max(before)) FROM trail_ends WHERE sealed_at < %(sealed_before)s;
