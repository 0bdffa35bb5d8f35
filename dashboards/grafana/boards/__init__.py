"""The dashboards, one a module, and the parts that they are made of."""
