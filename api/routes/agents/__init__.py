"""Routes for agents: what people granted them, requests for an approval, and the execution of a plan within a grant."""
