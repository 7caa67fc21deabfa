"""How Hypothesis runs here; imported by whatever runs property tests."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("TUILAB_TEST_EXAMPLES", "60"))

# Wall-clock limits make property tests flaky on a busy machine; counts do not.
settings.register_profile(
    "tuilab",
    deadline=None,
    max_examples=EXAMPLES,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("tuilab")
