"""A film of up to an hour that is finished while its workers are killed, or on a slow store."""
