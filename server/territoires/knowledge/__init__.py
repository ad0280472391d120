"""What can be done with the graph."""
