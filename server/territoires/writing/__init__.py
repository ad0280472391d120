"""What is written over HTTP: how a change is worked out, kept in the journal before it is acknowledged, and shown to readers."""
