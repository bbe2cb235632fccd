"""The compose pipeline: from the text of a compose file to what a server is given."""
