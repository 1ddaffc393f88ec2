"""Drills: a random month played on a copy of the database, with every promise looked at after every play.

Apps above register their own plays, promises and upkeep; the command `drill` knows none of them.
"""

from schedules.services.drills.engine import Drill, Outcome, evaluation, join, play, promise, run, upkeep

__all__ = ["Drill", "Outcome", "evaluation", "join", "play", "promise", "run", "upkeep"]
