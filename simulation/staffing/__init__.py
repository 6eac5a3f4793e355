"""How many people, with which skills, at which hours: formulas, covers, choices and rosters."""
