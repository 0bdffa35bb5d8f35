"""Effects and offset in one act: what a batch changed is stored together with where reading goes on."""
