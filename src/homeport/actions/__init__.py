"""One function per thing a user can do; the only place where decisions meet data."""
