"""The command `coursetrail`, `python -m coursetrail`, and the file that `spark-submit` takes."""

import sys


def main() -> None:
    """Run the command line. Stopped while packages still load, it goes quietly: nothing has begun."""
    try:
        from coursetrail.cli import main
    except KeyboardInterrupt:
        sys.exit(130)
    main.main()


if __name__ == "__main__":
    main()
