"""Pure functions from the documents to what screens show: lines of toned text, and rows of tables."""
