"""Alarms: what is measured, when it is raised and over, and who is told of it."""
