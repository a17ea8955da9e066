"""What the service's error codes mean to us, and what to do about them: tables."""

from __future__ import annotations

from broker.errors import (
    AccessDenied,
    BrokerError,
    ConfigError,
    Conflict,
    Invalid,
    NotFound,
    QuotaExceeded,
    Throttled,
    Transient,
    Unsupported,
)

# The first line whose patterns match a whole code, and are found in the message, decides. Codes are
# those of https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/
# common-deployment-errors, of
# https://learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/error-messages, and the
# AADSTS ones of https://learn.microsoft.com/entra/identity-platform/reference-error-codes
TABLE: tuple[tuple[str, str, type[BrokerError]], ...] = (
    (r".*Throttl.*|TooManyRequests|RateLimit\w*|ServerBusy|TooManyUploads", "", Throttled),
    (r"OperationNotAllowed", r"(?i)quota|exceeding approved", QuotaExceeded),
    (
        r".*Quota\w*Exceeded|.*LimitReached|.*CountLimit\w*|.*LimitExceeded|.*ExceedsLimit"
        r"|SubnetIsFull|NoAvailableAddress\w*|(Zonal)?AllocationFailed|OverconstrainedAllocation\w*"
        r"|OverconstrainedZonalAllocation\w*|CapacityNotAvailable|MaxStorageAccounts\w*",
        "",
        QuotaExceeded,
    ),
    (
        r"ResourceGroupNotFound|SubscriptionNotFound|InvalidSubscriptionId|AADSTS90002|AADSTS900023"
        r"|MissingSubscriptionRegistration|LocationNotAvailableFor\w*|InvalidLocation"
        r"|NoRegisteredProviderFound",
        "",
        ConfigError,
    ),
    (
        r"AuthorizationFailed|LinkedAuthorizationFailed|.*AuthenticationToken\w*|AuthenticationFailed"
        r"|Unauthorized|Forbidden|RequestDisallowedByPolicy|DisallowedProvider"
        r"|ReadOnlyDisabledSubscription|AADSTS\d+|InvalidAuthentication\w*",
        "",
        AccessDenied,
    ),
    (
        r"AnotherOperationInProgress|Retryable\w*|CanceledAndSuperseded\w*|OperationPreempted"
        r"|OperationTimedOut|.*TimedOut|GatewayTimeout|RequestTimeout|Internal\w*Error"
        r"|InternalOperationError|ServiceUnavailable|NetworkingInternalOperationError"
        r"|OperationAbortedDueToPreemption|ReferencedResourceNotProvisioned",
        "",
        Transient,
    ),
    (
        r"SkuNotAvailable|NotSupported\w*|.*NotSupported|UnsupportedApiVersion|InvalidApiVersion\w*"
        r"|InvalidResourceType|FeatureNotAvailable\w*|NotImplemented",
        "",
        Unsupported,
    ),
    (r".*NotFound|InvalidResourceReference", "", NotFound),
    (
        r"OperationNotAllowed|Conflict|ConflictingUserInput|InUse\w*|.*InUse(By\w*)?|.*BeingDeleted"
        r"|.*CannotBeDeleted\w*|.*CannotBeUpdated\w*|PropertyChangeNotAllowed|ScopeLocked"
        r"|PrivateIPAddressIsAllocated|SecurityRuleConflict|PreconditionFailed|ResourceExists"
        r"|DiskAttachedTo\w*|AttachDiskWhileBeingDetached|.*AlreadyExists|.*Locked|CannotDelete\w*"
        r"|Canceled|NicReserved\w*",
        "",
        Conflict,
    ),
    (r"BadRequest|Invalid\w*|.*OutOfRange|.*NotValid\w*|NetcfgSubnetRange\w*", "", Invalid),
)

HINTS: dict[str, str] = {
    "ResourceGroupNotFound": "Create it with `az group create`, or correct `resource_group`",
    "SubscriptionNotFound": "`az account list` shows the subscriptions these credentials see",
    "InvalidSubscriptionId": "Correct `subscription` in the accounts file",
    "InvalidAuthenticationTokenTenant": "Set `tenant` to the tenant the subscription is in",
    "ExpiredAuthenticationToken": "Log in again (`az login`, or new AZURE_ variables) and go on",
    "AuthenticationFailed": "Check this machine's clock, and that nothing else takes back the "
    "access to the disk; then run it again",
    "InvalidAuthenticationToken": "Log in again (`az login`, or new AZURE_ variables) and go on",
    "RequestDisallowedByPolicy": "A policy of the subscription forbids it: ask its administrator",
    "ReadOnlyDisabledSubscription": "The subscription is disabled: enable it in the portal",
    "ScopeLocked": "A lock forbids it: `az lock list` shows which",
    "MissingSubscriptionRegistration": "Run `az provider register` for the namespace it names",
    "SkuNotAvailable": "Take another size, or another `zone` or `location` in the accounts file",
    "AllocationFailed": "Take another size or zone, or try again later",
    "ZonalAllocationFailed": "Take another size or zone, or try again later",
    "QuotaExceeded": "Ask for more quota in the portal, or delete what is not needed",
    "AnotherOperationInProgress": "Something else changes it now: try again when that is done",
    "LocationNotAvailableForResourceType": "Correct `location` in the accounts file",
    "NoRegisteredProviderFound": "Correct `location`: `az account list-locations` names them",
    "AADSTS7000215": "AZURE_CLIENT_SECRET is wrong: it is the secret's value, not its id",
    "AADSTS7000222": "The client secret has expired: make a new one for the application",
    "AADSTS700016": "AZURE_CLIENT_ID is not known in this tenant: check both",
    "AADSTS90002": "There is no such tenant: correct AZURE_TENANT_ID, or `tenant`",
    "AADSTS900023": "That is no tenant: correct AZURE_TENANT_ID, or `tenant`",
    "AADSTS700082": "Run `az login` again",
    "AADSTS70043": "Run `az login` again",
    "AADSTS50076": "This user must prove more: run `az login` again",
}

# The narrowest built-in role with the right to change something, by how the name of the action
# begins; the first fits.
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ROLES: tuple[tuple[str, str], ...] = (
    ("Microsoft.Compute/snapshots", "Disk Snapshot Contributor"),
    ("Microsoft.Compute/sshPublicKeys", "Contributor"),
    ("Microsoft.Compute/images", "Contributor"),
    ("Microsoft.Compute/disks/beginGetAccess", "Contributor"),
    ("Microsoft.Compute/disks/endGetAccess", "Contributor"),
    ("Microsoft.Compute", "Virtual Machine Contributor"),
    ("Microsoft.Network", "Network Contributor"),
)
ANY_ROLE, READER = "Contributor", "Reader"
