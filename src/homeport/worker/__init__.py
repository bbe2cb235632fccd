"""Durable workflows: what a deployment does on a server, and what watches the servers."""
