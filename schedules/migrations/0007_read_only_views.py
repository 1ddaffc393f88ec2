"""The views `people` and `assignments`, for checks by SQL: the names that procedures know, and nothing can be written.

A view made of several tables takes no writes. A later migration that changes the type of a column named here drops
the view before and makes it again.
"""

from django.db import migrations

PEOPLE = """
CREATE VIEW people AS
SELECT person.id, person.name, person.role, person.pgy_level, person.faculty_role, duty.name AS duty, person.is_active
FROM schedules_person AS person
LEFT JOIN schedules_facultyduty AS duty ON duty.id = person.duty_id
"""

ASSIGNMENTS = """
CREATE VIEW assignments AS
SELECT assignment.id, assignment.schedule_id AS schedule, assignment.person_id AS person, person.name AS person_name,
       assignment.date, assignment.session, activity.code AS activity, rotation.name AS rotation,
       assignment.source, assignment.locked
FROM schedules_assignment AS assignment
JOIN schedules_schedule AS schedule ON schedule.id = assignment.schedule_id AND schedule.status = 'PUBLISHED'
JOIN schedules_person AS person ON person.id = assignment.person_id
JOIN schedules_activity AS activity ON activity.id = assignment.activity_id
LEFT JOIN schedules_rotationtemplate AS rotation ON rotation.id = assignment.rotation_id
"""


class Migration(migrations.Migration):
    dependencies = [("schedules", "0006_one_time_zone")]
    operations = [
        migrations.RunSQL(PEOPLE, "DROP VIEW people"),
        migrations.RunSQL(ASSIGNMENTS, "DROP VIEW assignments"),
    ]
