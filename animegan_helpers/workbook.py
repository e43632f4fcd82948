"""Says where the commands of `python -m animegan_helpers.workbook` are now."""

import sys

if __name__ == "__main__":
    words = " ".join(sys.argv[1:]) or "--help"
    print(f"this command has moved: python -m animegan_helpers {words}", file=sys.stderr)
    sys.exit(2)
