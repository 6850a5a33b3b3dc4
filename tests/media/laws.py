"""What the laws of the media layer draw from."""

from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st

LAW = settings(max_examples=60, deadline=None)

RATES = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60),
)  # fmt: skip

rates = st.sampled_from(RATES)
seconds = st.integers(0, 100_000).map(lambda thousandths: Fraction(thousandths, 1000))
moments = st.fractions(min_value=-5, max_value=105, max_denominator=90_000)
speeds = st.integers(5, 3200).map(lambda hundredths: Fraction(hundredths, 100))
pixels = st.floats(-5000, 5000, allow_nan=False).map(lambda value: round(value, 3))
