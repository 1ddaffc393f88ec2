"""Made-up family-medicine programs in the import layout: seeded, believable, feasible, of any size."""

from schedules.domain.synthetic.files import program_files
from schedules.domain.synthetic.program import Options

__all__ = ["Options", "program_files"]
