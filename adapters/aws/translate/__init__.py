"""Pure functions between the service's words and ours, both ways; no call is made here."""
