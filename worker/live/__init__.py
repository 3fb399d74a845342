"""Settings that a running worker takes over without a restart: the keys of vendors, and the rates of their queues."""
