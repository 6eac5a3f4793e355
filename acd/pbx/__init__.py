"""The way to and from Asterisk: frames, link, translation, dialplan."""
