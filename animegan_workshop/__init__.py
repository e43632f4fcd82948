"""What stands behind the course: drawing, checks, experiments, and the teacher's tools."""
