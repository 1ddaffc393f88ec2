"""The activity codes that the rules know by name; every other activity is known by category, kind and flags."""

from __future__ import annotations

CLINIC_CODE = "C"
SPORTS_MEDICINE_CODE = "SM"
SUPERVISION_CODE = "AT"
LECTURE_CODE = "LEC"
ADMIN_CODE = "ADM"

FMIT_CODE = "FMIT"
CALL_CODE = "CALL"
PCAT_CODE = "PCAT"
"""The morning after a Sunday to Thursday call: the attending supervises."""
DAY_OFF_CODE = "DO"
"""The afternoon after it."""
POST_CALL_CODE = "PC"
"""Off: a resident the day after overnight call, an attending the Friday after the inpatient week."""

WEEKEND_CODE = "W"
OFF_CODE = "OFF"
LEAVE_CODE = "LV"

PROTECTED_CODES = frozenset({LECTURE_CODE, "GME", "PI", "SIM", "ASM", "ORI"})
"""Education that is kept on Wednesdays where the resident's own pattern has it."""
