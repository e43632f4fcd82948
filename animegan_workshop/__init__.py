"""What stands behind the course: drawing, checks, experiments, and the tools of whoever teaches it."""
