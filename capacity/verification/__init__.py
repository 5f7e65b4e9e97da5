"""The rules of docs/reference/rules.md, one module per chapter, written without the planners: `capacity.verify` runs them."""
