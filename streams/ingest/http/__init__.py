"""Events over HTTP: what a collector posts is checked, routed and in Kafka before it is acknowledged."""
