"""The workbook as a course: editions, the student's report, what a class needs of a machine."""
