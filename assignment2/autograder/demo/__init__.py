"""`autograder demo`: a course in a scratch folder, sample submissions, the whole way to their feedback pages."""
