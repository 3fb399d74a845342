"""Tools for agents (Model Context Protocol): a client of the API, which decides what an agent's key may do."""
