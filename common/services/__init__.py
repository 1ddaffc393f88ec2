"""What the whole installation can be put through: maintenance, load, living workers, a warm start, a timetable."""
