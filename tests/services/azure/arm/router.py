"""What a path means, and which part of the service answers it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.services.azure.arm import locations, paging
from tests.services.azure.arm.address import Address
from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.errors import ArmError, bad_request
from tests.services.azure.arm.groups import TYPE as GROUP
from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.arm.subscriptions import SUBSCRIPTION_VERSIONS

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm


class Router:
    """Finds the type or the view a call is for. The caller holds the lock."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def action(self, call: Call) -> str:
        """What access control calls this: Microsoft.Network/virtualNetworks/subnets/write."""
        address, tail = call.address, call.address.tail
        if address.namespace is None:
            kind = "Microsoft.Resources/subscriptions"
            if address.group is not None or tail == "resourceGroups":
                kind += "/resourceGroups"
        elif address.group is None:
            path = re.sub(r"^locations/[^/]+", "locations", tail or "", flags=re.IGNORECASE)
            kind = "/".join(each for each in (address.namespace, path) if each)
            if "/operation" in path.lower():
                kind = f"{address.namespace}/locations/operations"
            if path.lower() in {one.name.lower() for one in self._arm.types.values()}:
                kind = self._canonical(f"{address.namespace}/{path}")
        else:
            kind = "/".join((address.namespace, *address.types))
            if tail is not None and call.method == "POST":
                return f"{self._canonical(kind)}/{tail}/action"
            if tail is not None:
                kind += f"/{tail}"
            kind = self._canonical(kind)
        verbs = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}
        return f"{kind}/{verbs.get(call.method, 'write')}"

    def _canonical(self, kind: str) -> str:
        found = self._arm.types.get(kind.lower())
        return found.full_name() if found is not None else kind

    def route(self, call: Call) -> Answer:
        address = call.address
        if "api-version" not in call.query:
            raise bad_request(
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        if not address.subscription:
            return self._about_subscriptions(call)
        if address.subscription != self._arm.settings.subscription:
            raise ArmError(
                404,
                "SubscriptionNotFound",
                f"The subscription '{address.subscription}' could not be found.",
            )
        if operation := re.fullmatch(
            r"(?:locations/[^/]+/)?(operations|operationresults)/([^/]+)",
            address.tail or "",
            re.IGNORECASE,
        ):
            return self._operation(call, *operation.groups())
        if address.namespace is None:
            return self._without_provider(call)
        if address.group is None:
            return self._provider_wide(call)
        return self._resource(call)

    def _without_provider(self, call: Call) -> Answer:
        address = call.address
        groups = self._arm.types[GROUP.lower()]
        if address.tail == "resourceGroups":
            self._check_version(call, groups)
            return self._list(call, groups, f"/subscriptions/{address.subscription}")
        if address.group is None:
            return self._about_subscriptions(call)
        if address.tail is not None:
            self._check_version(call, groups)
            return self._arm.subscriptions.resources(call)
        if call.method in ("GET", "HEAD"):
            self._check_group(address)
        return self._verb(call, groups)

    def _about_subscriptions(self, call: Call) -> Answer:
        known = (*SUBSCRIPTION_VERSIONS, *self._arm.types[GROUP.lower()].api_versions)
        _check_version(call, known, "Microsoft.Resources/subscriptions")
        return self._arm.subscriptions.answer(call)

    def _provider_wide(self, call: Call) -> Answer:
        address, path = call.address, call.address.tail or ""
        if not path:
            self._check_version(call, self._arm.types[GROUP.lower()])
            return self._arm.subscriptions.provider(call)
        for view in self._arm.views:
            found = re.fullmatch(view.pattern, path, re.IGNORECASE)
            if found and view.namespace.lower() == str(address.namespace).lower():
                _check_version(call, view.api_versions, f"{view.namespace}/{path}")
                answer = view.answer(self._arm, call, found.groupdict())
                return Answer(200, {"value": answer}) if isinstance(answer, list) else answer
        kind = self._type(f"{address.namespace}/{path}")
        self._check_version(call, kind)
        return self._list(call, kind, f"/subscriptions/{address.subscription}")

    def _resource(self, call: Call) -> Answer:
        address = call.address
        if address.tail is None:
            if address.type not in self._arm.types and call.method == "GET":
                return self._part(call)
            kind = self._type(address.type)
            self._check_version(call, kind)
            self._check_group(address)
            return self._verb(call, kind)
        collection = self._arm.types.get(address.collection().type)
        if collection is not None and call.method == "GET":
            self._check_version(call, collection)
            self._check_group(address)
            if address.types:
                self._arm.changes.need(self._type(address.type), address)
            return self._list(call, collection, address.id.removesuffix(f"/{address.namespace}"))
        kind = self._type(address.type)
        self._check_version(call, kind)
        self._check_group(address)
        method = kind.actions.get((call.method, address.tail.lower()))
        if method is None:
            raise ArmError(
                404,
                "InvalidResourceType",
                f"The resource type '{address.tail}' could not be found in the namespace "
                f"'{address.namespace}' for api version '{call.api_version}'.",
            )
        return self._arm.changes.act(kind, call, method)

    def _part(self, call: Call) -> Answer:
        """One of the things a view lists: …/nsg/defaultSecurityRules/DenyAllInBound."""
        address = call.address
        kind = self._arm.types.get(address.parent.type)
        method = kind.actions.get(("GET", address.types[-1].lower())) if kind else None
        if kind is None or method is None:
            raise self._unknown(address.type)
        self._check_version(call, kind)
        self._check_group(address)
        listed = self._arm.changes.act(kind, replace(call, address=address.parent), method)
        for each in listed.body["value"]:
            if each["name"].lower() == address.leaf.lower():
                return Answer(200, each)
        raise ArmError(404, "NotFound", f"Resource {address.id} not found.")

    def _verb(self, call: Call, kind: ResourceType) -> Answer:
        match call.method:
            case "GET":
                resource = self._arm.changes.need(kind, call.address)
                headers = {"ETag": f'"{resource.etag}"'} if kind.etag_in_body else {}
                return Answer(200, kind.show(resource, call), headers)
            case "HEAD":
                self._arm.changes.need(kind, call.address)
                return Answer(204)
            case "PUT":
                if call.address.namespace is not None:
                    self._check_group(call.address, writing=True)
                return self._arm.changes.put(kind, call)
            case "PATCH":
                return self._arm.changes.patch(kind, call)
            case "DELETE":
                return self._arm.changes.delete(kind, call)
        raise ArmError(
            405,
            "MethodNotAllowed",
            f"The HTTP method '{call.method}' is not supported here.",
        )

    def _list(self, call: Call, kind: ResourceType, beneath: str) -> Answer:
        found = self._arm.store.of_type(kind.full_name(), beneath)
        size = self._arm.limits.page_size
        return Answer(200, paging.page(call, found, lambda each: kind.show(each, call), size))

    def _operation(self, call: Call, how: str, id: str) -> Answer:
        operation = self._arm.operations.get(id)
        if operation is None:
            raise ArmError(404, "NotFound", f"Operation {id} was not found.")
        if how.lower() == "operations":
            headers = {} if operation.is_done else self._arm.pause()
            return Answer(200, operation.status(), headers)
        if not operation.is_done:
            headers = self._arm.wait_headers(call, operation)
            del headers["Azure-AsyncOperation"]
            return Answer(202, None, headers)
        if operation.error is not None:
            raise operation.error
        return Answer(200 if operation.result is not None else 204, operation.result)

    def _type(self, name: str) -> ResourceType:
        kind = self._arm.types.get(name.lower())
        if kind is None:
            raise self._unknown(name)
        return kind

    def _unknown(self, name: str) -> ArmError:
        namespace, _, rest = name.partition("/")
        if not any(each.startswith(f"{namespace.lower()}/") for each in self._arm.types):
            return ArmError(
                404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid."
            )
        return ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{rest}' could not be found in the namespace '{namespace}'.",
        )

    def _check_version(self, call: Call, kind: ResourceType) -> None:
        _check_version(call, kind.api_versions, kind.full_name())

    def _check_group(self, address: Address, *, writing: bool = False) -> None:
        group = self._arm.store.get(
            f"/subscriptions/{address.subscription}/resourceGroups/{address.group}"
        )
        if group is None:
            raise ArmError(
                404,
                "ResourceGroupNotFound",
                f"Resource group '{address.group}' could not be found.",
            )
        if writing and group.state == "Deleting":
            raise ArmError(
                409,
                "ResourceGroupBeingDeleted",
                f"The resource group '{group.name}' is in deprovisioning state and cannot perform "
                "this operation.",
            )


def _check_version(call: Call, known: tuple[str, ...], kind: str) -> None:
    if call.api_version in known:
        return
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", call.api_version):
        raise bad_request(
            "InvalidApiVersionParameter",
            f"The api-version '{call.api_version}' is invalid. The supported versions are "
            f"'{','.join(known)}'.",
        )
    raise bad_request(
        "NoRegisteredProviderFound",
        "No registered resource provider found for location "
        f"'{','.join(locations.LOCATIONS)}' and API version '{call.api_version}' for type "
        f"'{kind.partition('/')[2]}'. The supported api-versions are '{', '.join(known)}'.",
    )
