"""Pictures of executed pages: sharp ones, as they are drawn."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821
c.InlineBackend.figure_formats = ["retina"]
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight"}
c.HistoryManager.enabled = False
c.IPKernelApp.log_level = 40
c.InteractiveShell.xmode = "Minimal"  # of errors that are shown, what they say
