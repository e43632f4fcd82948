"""The workbook from a terminal: python -m animegan_helpers COMMAND (see --help)."""

import sys


def main(words: list[str] | None = None) -> int:
    """Runs a command; 0 when it worked, 2 with one line for wrong input, 130 when interrupted."""
    try:
        from animegan_workshop.commands import make_parser  # what commands do is the workshop's

        arguments = make_parser().parse_args(words)
        result = arguments.action(arguments)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        advice = ": make env installs it" if isinstance(error, ModuleNotFoundError) else ""
        print(f"error: {error}{advice}", file=sys.stderr)
        return 2
    except (RuntimeError, MemoryError) as error:
        from animegan_helpers.files import out_of_memory

        if not out_of_memory(error):
            raise
        advice = "ask for a smaller --batch, --width or --count"
        print(f"error: there is not enough memory: {advice}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    if isinstance(result, str) and result:
        print(result)
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):  # a path may hold what the terminal cannot print
        stream.reconfigure(errors="backslashreplace")
    sys.exit(main())
