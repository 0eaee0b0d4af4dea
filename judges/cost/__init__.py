"""What a kernel costs, counted: operations by kind, bytes by level of memory; exact, without running it.

operations   the table of what each op costs
counting     the same by running the program in the evaluator, the judge of the rest
points       how many points an integer set has
"""
