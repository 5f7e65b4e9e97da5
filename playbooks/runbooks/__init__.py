"""The runbook of a wave: what it says (`book`), and how that becomes Markdown, PDF and iCalendar."""
