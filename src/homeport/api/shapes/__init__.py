"""How things look on the wire: from rows to the fields that clients know, and no others."""
