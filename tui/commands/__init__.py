"""The commands of `vorst`, grouped by the way of the data: inventory, planning, delivery; programme runs them all."""
