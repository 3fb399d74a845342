"""The asynchronous client: the same endpoints, retries and errors as `api.client`."""
