"""How Hypothesis runs here; imported by whatever runs property tests."""

from hypothesis import HealthCheck, settings

# Wall-clock limits make property tests flaky on a busy machine; counts do not.
settings.register_profile(
    "tuilab",
    deadline=None,
    max_examples=60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("tuilab")
