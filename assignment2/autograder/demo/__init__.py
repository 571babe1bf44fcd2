"""`autograder demo`: make a course in a scratch folder, grade sample submissions and show the results."""
