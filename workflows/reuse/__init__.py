"""Takes and answers that another production of the tenant has, and that a production uses again free of charge."""
