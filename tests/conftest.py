"""What every test stands on."""

import tests.profile  # noqa: F401 - loads the Hypothesis profile
