"""Tables and queries, one file per noun. Nobody outside this package writes SQL."""
