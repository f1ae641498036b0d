"""Which problem is answered by which instrument, and when: the notice's ladder, as the bureau has set it."""

from __future__ import annotations

from scoring.supervision.escalation.ladder import Letter, Matter, Standing, Step, stand
from scoring.supervision.escalation.policy import Policy, read_policy
from scoring.supervision.escalation.tendency import Tendency, tendencies

__all__ = ["Letter", "Matter", "Policy", "Standing", "Step", "Tendency", "read_policy", "stand", "tendencies"]
