"""What the API and the dashboard share of HTTP: who asks, what was sent, how errors look."""
