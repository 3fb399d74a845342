"""Examples of the Python clients, as the page /docs shows them; a test runs each."""
