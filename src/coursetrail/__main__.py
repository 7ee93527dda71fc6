"""`python -m coursetrail`, and the file that `spark-submit` takes."""

from coursetrail.cli import main

if __name__ == "__main__":
    main()
