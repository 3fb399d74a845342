"""The front door for other namespaces of Temporal: a Nexus service with the checks of the API."""
