"""The preparations: chains of named layers that an electrode can be put into."""
