"""Validates documents with the schema of CycloneDX 1.6 and of all that it refers to."""

import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for name in sys.argv[1:]:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(pathlib.Path(name).read_text())
    if error:
        sys.exit(f"{name}: {error}")
