"""Events, texts, alerts and messages to build tests with."""
