"""The planner: the hotline's own engine under a simulated clock."""
