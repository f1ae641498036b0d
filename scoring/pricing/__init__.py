"""What facts cost under a scheme: one module a rule kind, and the two ways in which findings bear on each other."""
