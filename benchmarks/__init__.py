"""How fast and how good, measured: not part of what is installed, and run by `make bench`.

`start` measures how soon `vorst` answers, `plan` a small region's plan. Nothing here is compared with other programs.
"""
