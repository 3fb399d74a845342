"""Commands of operators that need both servers, Temporal and the bucket: gc, transfer."""
