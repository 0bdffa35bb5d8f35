"""Real servers that tests start: sites of Kafka, Redis and workers, a console, robots that take messages."""
