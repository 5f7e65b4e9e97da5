"""The rules of docs/reference/rules.md, written without the planners; `capacity.verify` runs them."""
