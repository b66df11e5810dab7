"""dklb against a real API server, beside the least that a client can do (docs/benchmarks.md)."""
