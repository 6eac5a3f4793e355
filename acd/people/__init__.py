"""Accounts of people: who they are, what they may, that they are it, and what was done."""
