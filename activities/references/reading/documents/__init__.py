"""Documents: which of its modules reads one is decided by its content (`reader`)."""
