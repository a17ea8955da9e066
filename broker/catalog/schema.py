"""The tables of the catalogue's file."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS about(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS size(
    provider TEXT, id TEXT, offer TEXT NOT NULL, PRIMARY KEY(provider, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offered(
    provider TEXT, region TEXT, id TEXT, PRIMARY KEY(provider, region, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told(
    provider TEXT, region TEXT, id TEXT, offer TEXT NOT NULL, PRIMARY KEY(provider, region, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS host(
    provider TEXT, region TEXT, id TEXT, vcpus INT, memory INT, arch TEXT,
    PRIMARY KEY(provider, region, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS price(
    provider TEXT, region TEXT, item TEXT, unit TEXT, currency TEXT, amount TEXT, source TEXT,
    as_of TEXT, confidence TEXT, origin INT, account TEXT,
    PRIMARY KEY(provider, region, account, item, currency, origin)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS discount(
    account TEXT, provider TEXT, item TEXT, percent TEXT, source TEXT,
    PRIMARY KEY(account, provider, item)
) WITHOUT ROWID;
"""

SHIPPED = ("size", "offered")
"""The tables that hold nothing but what is shipped."""

PUT_PRICE = "INSERT OR REPLACE INTO price VALUES(?,?,?,?,?,?,?,?,?,?,?)"

PLACES = """
SELECT provider, region FROM offered UNION SELECT provider, region FROM price
UNION SELECT provider, region FROM told UNION SELECT provider, region FROM host
ORDER BY 1, 2
"""
"""Every place something is known of."""

KNOWN = """
SELECT EXISTS(SELECT 1 FROM offered WHERE provider = ?1 AND region = ?2)
OR EXISTS(SELECT 1 FROM price WHERE provider = ?1 AND region = ?2)
OR EXISTS(SELECT 1 FROM told WHERE provider = ?1 AND region = ?2)
OR EXISTS(SELECT 1 FROM host WHERE provider = ?1 AND region = ?2)
"""
"""Whether anything is known of a place."""
