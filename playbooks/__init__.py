"""How a plan is carried out: an Ansible project, its run, and the record of it."""
