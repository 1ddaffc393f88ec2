"""The view `swap_records`, for checks by SQL: the facts of the report without a word of reason. Nothing can be written."""

from django.db import migrations

SWAP_RECORDS = """
CREATE VIEW swap_records AS
SELECT swap.id AS request_id, upper(swap.swap_type) AS type, swap.status, swap.requested_by_id AS requested_by,
       swap.requested_at, swap.source_person_id AS source_faculty_id, source.name AS source_faculty, swap.source_week,
       swap.target_person_id AS target_faculty_id, target.name AS target_faculty, swap.target_week,
       swap.error_code, swap.executed_at, swap.transaction_id,
       swap.executed_at + coalesce(policy.rollback_time, interval '24 hours') AS rollback_eligible_until,
       swap.rolled_back_at
FROM swaps_swaprecord AS swap
JOIN schedules_person AS source ON source.id = swap.source_person_id
JOIN schedules_person AS target ON target.id = swap.target_person_id
LEFT JOIN swaps_swappolicy AS policy ON policy.id = 1
"""


class Migration(migrations.Migration):
    dependencies = [("swaps", "0003_continuity_and_given_up")]
    operations = [migrations.RunSQL(SWAP_RECORDS, "DROP VIEW swap_records")]
