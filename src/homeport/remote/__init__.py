"""How servers are reached: the Hosts, the engine behind each, and the proxy on it."""
