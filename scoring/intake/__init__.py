"""Files to typed tables: everything that a data folder may hold, and what is wrong with it."""

from __future__ import annotations

from scoring.intake.folder import read_folder
from scoring.intake.frames import Intake, Tables
from scoring.intake.limits import Limits
from scoring.intake.numbered import write_numbered
from scoring.intake.problems import Problems, write_problems

__all__ = ["Intake", "Limits", "Problems", "Tables", "read_folder", "write_numbered", "write_problems"]
