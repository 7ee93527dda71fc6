"""What is made of answers: the report and its page, pictures, saved tables, the demo.

One module per output. `plots` draws; it alone imports matplotlib.
May import everything below: `analyses`, `ingestion`, `dataset`, `render`, `filesystem`; never `cli`, never an engine.
"""
