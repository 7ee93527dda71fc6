"""Open edX tracking logs, without the contents of submitted forms.

`definition` has the format, `repair` its known faults, `events` and `pages` what types and addresses mean, `payload`
and `extra` what may be stored. May import `reading`, and the shared parts of the other formats.
"""
