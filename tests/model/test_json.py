"""Every value survives JSON, and only what a model knows becomes a value."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from broker.model import Strict
from broker.model.schema import models, schema
from tests import strategies as values

STRATEGIES: dict[str, st.SearchStrategy[Strict]] = {
    "firewalls": values.firewalls,
    "firewall rules": values.firewall_rules(),
    "firewall specs": values.firewall_specs,
    "icmps": values.icmps,
    "images": values.images,
    "instances": values.instances,
    "instance specs": values.instance_specs(),
    "key pairs": values.key_pairs,
    "key pair specs": values.key_pair_specs,
    "losses": values.losses,
    "money": values.money,
    "networks": values.networks(),
    "network specs": values.network_specs,
    "nics": values.nics,
    "nic specs": values.nic_specs,
    "offers": values.offers,
    "port ranges": values.port_ranges,
    "public addresses": values.public_addresses,
    "sizes": values.sizes,
    "snapshots": values.snapshots,
    "states": values.states,
    "subnet specs": values.subnet_specs(),
    "volumes": values.volumes,
    "volume specs": values.volume_specs(),
}


@pytest.mark.parametrize("kind", STRATEGIES)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_a_value_survives_json(kind: str, data: st.DataObject) -> None:
    value = data.draw(STRATEGIES[kind])
    written = value.model_dump_json()
    again = type(value).model_validate_json(written)

    assert again == value
    assert again.model_dump_json() == written
    assert json.loads(written) == value.model_dump(mode="json")


@given(value=values.sizes, key=values.names)
def test_a_field_nobody_knows_is_refused(value: Strict, key: str) -> None:
    fields = value.model_dump(mode="json")
    if key not in fields:
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            type(value).model_validate({**fields, key: 1})


@given(value=values.volumes)
def test_a_value_does_not_change(value: Strict) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        value.id = "other"  # type: ignore[attr-defined]


def test_every_model_is_in_the_schema_and_strict_there() -> None:
    document = json.loads(json.dumps(schema()))
    definitions = document["$defs"]
    assert set(definitions) >= set(models()) > {"InstanceSpec", "FirewallRule", "Loss"}
    for name, model in models().items():
        assert definitions[name]["additionalProperties"] is False
        assert set(definitions[name].get("properties", {})) == set(model.model_fields)
        assert definitions[name]["description"]


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    document = json.dumps(schema())
    definitions = json.loads(document)["$defs"]
    references = {part.split('"')[0] for part in document.split('"$ref": "')[1:]}
    assert references
    assert {reference.removeprefix("#/$defs/") for reference in references} <= set(definitions)
