"""How often a password may be wrong, and how long a console session lives (V6.1.1, V7.1.1)."""

from datetime import timedelta

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=10)
TOUCH_EVERY = timedelta(minutes=1)
PROOF_HOLDS = timedelta(minutes=5)
INITIAL_PASSWORD_LIFE = timedelta(hours=72)
