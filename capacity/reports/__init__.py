"""Reports: one partner's figures, their charts, and the page in Dutch, French or English."""
