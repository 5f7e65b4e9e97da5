"""The screens of the terminal UI. They ask views what to show and show it; they decide nothing."""
