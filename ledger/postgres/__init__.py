"""What every PostgreSQL adapter here stands on: connections, migrations, named SQL. No table of its own but
one."""
