"""One module per source of inventory data, each handing over a `SourceSnapshot`; sources read, they never decide."""
