"""What people see: the command line and the terminal UI. They show and ask; they decide nothing."""
