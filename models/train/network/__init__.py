"""What learns: an encoder with a head at each depth that may be shipped."""
