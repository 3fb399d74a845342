"""In-flight limits of providers, and the shares of tenants in them."""
