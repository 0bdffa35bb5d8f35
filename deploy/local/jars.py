"""Where the jars of the pinned Kafka lie on this machine, and the class archive that halves the broker's start."""

import os
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from streams.errors import UsageError

KAFKA_POM = Path(__file__).parents[1] / "kafka" / "pom.xml"


def kafka_version(pom: Path = KAFKA_POM) -> str:
    """The version that the pom pins."""
    # Our own file, not a stranger's XML.
    version = ElementTree.parse(pom).findtext(".//{*}kafka.version")  # noqa: S314
    if version is None:
        raise UsageError(f"{pom} has no kafka.version")
    return version


def kafka_jars(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the jars; it is there once they are installed."""
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "pulsewatch" / f"kafka-{kafka_version()}"


def class_archive(jars: Path) -> Path:
    """Java's class data archive for the jars. One of another Java, or none, is passed over by Java in silence."""
    return jars.with_name(f"{jars.name}.jsa")


def class_path(jars: Path) -> str:
    """The jars in a fixed order: an archive only serves the class path that it was made with."""
    return ":".join(str(jar) for jar in sorted(jars.glob("*.jar")))
