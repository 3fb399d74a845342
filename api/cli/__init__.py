"""The command `greenlight`."""


def run() -> None:
    """Run the command. Its modules take a second to load, during which Ctrl-C ends it without a traceback, as later."""
    try:
        from api.cli.main import main
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    main()
