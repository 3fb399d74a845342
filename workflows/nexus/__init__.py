"""Productions as Nexus operations: other namespaces start them and wait for their results."""
