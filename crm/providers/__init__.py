"""Who carries messages: one file per vendor and channel, and the built-in one of each channel."""
