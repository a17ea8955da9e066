"""Firewalls in each provider's own words: made at chance, and judged packet by packet.

Nothing here uses what it judges: neither how adapters read and write rules nor sets of packets.
"""
