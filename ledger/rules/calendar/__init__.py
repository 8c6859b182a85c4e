"""Local days, calendar periods, hours, the legal calendar and its holidays, and moments in words. Pure."""
