# SPDX-License-Identifier: MIT OR Apache-2.0
# Other layers have a directory of the same name.
from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
