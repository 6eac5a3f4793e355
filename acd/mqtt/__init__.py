"""Figures for other systems by MQTT 5: they are told, and command nothing."""
