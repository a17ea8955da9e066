"""libvirt's XML and the canonical model, both ways: pure functions and tables."""
