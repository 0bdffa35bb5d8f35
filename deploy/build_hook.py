"""What a wheel or a source distribution needs and git does not keep: the console's pages, built by npm.

Hatchling runs this in an environment of its own, so it imports nothing but the standard library and our own modules
that need no other. An editable installation (`make setup`) waits for `make install` with its pages.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface[Any]):
    """Builds the pages where they are missing or older than their sources; the build ends where that fails."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, _build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root)))
        from dashboards.console import bundle
        from streams.errors import UsageError

        if bundle.is_current():
            return
        try:
            bundle.build(self.app.display_info)
        except UsageError as error:
            self.app.abort(f"pulsewatch: no wheel without the console's pages: {error}")
