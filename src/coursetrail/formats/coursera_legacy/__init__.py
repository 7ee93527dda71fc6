"""Legacy Coursera clickstream exports (class.coursera.org, 2012 to 2015).

`definition` has the format, `repair` its known faults, `pages` what its addresses mean.
May import `reading`.
"""
