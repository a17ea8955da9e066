"""Making a plan out of a look. Pure: the same input gives the same bytes."""

from __future__ import annotations

import re
from datetime import datetime

from broker.errors import ConfigError, Conflict
from broker.fit.instance import fit
from broker.fit.offers import Choice, choose_offer, named_offer
from broker.migrate.document import Plan, SizeChoice, SourceEnd, TargetEnd
from broker.migrate.firewalls import map_firewalls
from broker.migrate.look import Look
from broker.migrate.networks import map_networks
from broker.migrate.options import Options
from broker.migrate.quotas import needed_by, of_quotas
from broker.migrate.steps import (
    CopyDisks,
    CreateInstance,
    Disk,
    ReleaseDisk,
    Step,
    StopSource,
    VerifyDisk,
    VerifyInstance,
)
from broker.migrate.unseen import of_unseen
from broker.model import Fidelity, InstanceSpec, Loss, Power, Size

NAME_IN_ID = 24
"""Characters of the machine's name in a plan's id, so that people know which plan is which."""


def make(look: Look, options: Options, *, nonce: str, made_at: datetime) -> Plan:
    """Return the plan to move the machine in ``look``.

    What the target cannot hold is in ``losses``; where one is blocking the plan cannot be applied.
    Conflict when the machine's state forbids a move or its name is taken on the target; NotFound
    and ConfigError when the options speak of what is not there. ``nonce`` (``a-z0-9``) keeps the
    tokens of two plans apart.
    """
    _check_state(look)
    _check_console(look, options)
    source = look.instance.spec
    wish = source.model_copy(update={"name": options.name or source.name})
    spec, losses = fit(wish, look.limits)
    _check_name(spec.name, look)
    networks, nics, network_losses = map_networks(look, spec.nics, options)
    firewalls, nics, firewall_losses = map_firewalls(look, nics, networks, spec.name)
    spec = spec.model_copy(update={"nics": nics})
    choice, size_losses = _size(spec, look, options)
    needed = needed_by(spec, _got(choice, spec), (*networks, *firewalls))
    end = SourceEnd.of(look.source, look.instance)
    steps: tuple[Step, ...] = (
        *networks,
        *firewalls,
        *_move(look, spec, choice, options),
    )
    return Plan(
        id=f"{_slug(spec.name)}-{nonce}",
        made_at=made_at,
        source=end,
        target=TargetEnd(account=look.target, name=spec.name, size=_told(choice, spec)),
        fingerprint=end.fingerprint,
        losses=(
            *losses,
            *of_unseen(look.instance, _local_disk(choice, look)),
            *size_losses,
            *of_quotas(
                look.limits.quotas, look.used, needed, sum(volume.size for volume in source.volumes)
            ),
            *network_losses,
            *firewall_losses,
            *_while_running(look, options),
        ),
        steps=steps,
    ).sealed()


def _move(look: Look, spec: InstanceSpec, choice: Choice, options: Options) -> list[Step]:
    """Return the steps that move the disks and make the machine."""
    disks = [
        Disk(volume=volume, name=wish.name, size=wish.size)
        for volume, wish in zip(look.instance.volumes, spec.volumes, strict=True)
    ]
    verify = [VerifyDisk(volume=disk.volume, name=disk.name) for disk in disks]
    steps: list[Step] = []
    if options.keep_running:
        # All at once, so that a source that can hold them still together does.
        steps += [CopyDisks(disks=tuple(disks)), *verify]
    else:
        steps.append(StopSource(instance=look.instance.id))
        for disk, step in zip(disks, verify, strict=True):
            steps += [CopyDisks(disks=(disk,)), step]
    steps.append(
        CreateInstance(
            source=look.instance.id,
            spec=spec.model_copy(update={"user_data": None}),
            offer=choice.offer.id if choice.offer else None,
            volumes=look.instance.volumes,
            user_data=spec.user_data is not None,
        )
    )
    steps.append(VerifyInstance(console=options.console))
    steps += [ReleaseDisk(volume=disk.volume, name=disk.name) for disk in disks]
    return steps


def _size(spec: InstanceSpec, look: Look, options: Options) -> tuple[Choice, tuple[Loss, ...]]:
    if look.limits.any_size:
        if options.size is not None:
            raise ConfigError(f"{look.target} has no sizes with names", hint="Leave out --size")
        return Choice(offer=None, reason="any size can be had there", rejected={}), ()
    choice = choose_offer(
        spec.size,
        look.offers
        if options.size is None
        else [named_offer(options.size, look.offers, look.closed_sizes)],
        firmware=spec.firmware,
        disks=len(spec.volumes),
        nics=len(spec.nics),
        allow_smaller=options.allow_smaller,
    )
    wanted = f"{spec.size.vcpus} vCPU, {spec.size.memory} MiB"
    if choice.offer is None:
        return choice, (
            Loss(
                field="size",
                fidelity=Fidelity.DROPPED,
                before=wanted,
                after="",
                reason=choice.reason,
                blocking=True,
            ),
        )
    got = choice.offer.size
    losses = []
    if (got.vcpus, got.memory) != (spec.size.vcpus, spec.size.memory):
        losses.append(
            Loss(
                field="size",
                fidelity=Fidelity.APPROXIMATED,
                before=wanted,
                after=f"{choice.offer.id}: {got.vcpus} vCPU, {got.memory} MiB",
                reason=choice.reason,
            )
        )
    if choice.offer.burstable:
        losses.append(
            Loss(
                field="size.burstable",
                fidelity=Fidelity.APPROXIMATED,
                before="steady",
                after=f"{choice.offer.id} bursts",
                reason="under steady load this size slows down or costs more",
            )
        )
    return choice, tuple(losses)


def _got(choice: Choice, spec: InstanceSpec) -> Size:
    return choice.offer.size if choice.offer else spec.size


def _local_disk(choice: Choice, look: Look) -> int | None:
    """Return the local disk the machine gets; where any size can be had, none comes with it."""
    if choice.offer is not None:
        return choice.offer.local_disk
    return 0 if look.limits.any_size else None


def _told(choice: Choice, spec: InstanceSpec) -> SizeChoice:
    return SizeChoice(
        offer=choice.offer.id if choice.offer else None,
        size=_got(choice, spec),
        price_per_hour=choice.offer.price_per_hour if choice.offer else None,
        reason=choice.reason,
        runner_up=choice.runner_up,
        rejected=choice.rejected,
    )


def _while_running(look: Look, options: Options) -> tuple[Loss, ...]:
    if not options.keep_running or look.instance.state.power is not Power.RUNNING:
        return ()
    return (
        Loss(
            field="content",
            fidelity=Fidelity.APPROXIMATED,
            before="the disks of a running machine",
            after="as after a power cut",
            reason="it keeps running: what it writes from then on stays behind, and its disks may "
            "be from moments a little apart",
        ),
    )


def _check_state(look: Look) -> None:
    power = look.instance.state.power
    if power in (Power.RUNNING, Power.STOPPED):
        return
    state = look.instance.state
    native = f"{state.native}: {state.reason}" if state.reason else state.native
    name = f"{look.source}/{look.instance.name}"
    if power is Power.UNKNOWN:
        raise Conflict(
            f"nobody can tell whether {name} runs ({native}), nor whether its disks hold still",
            hint="Mend it there, then start or stop it",
        )
    raise Conflict(
        f"{name} is {power} ({native}): its disks or its memory would be lost",
        hint="Start or stop it first",
    )


def _check_console(look: Look, options: Options) -> None:
    if options.console is None:
        return
    if not look.target_has_console:
        raise ConfigError(
            f"{look.target} keeps no console log", hint="Leave out the console pattern"
        )
    try:
        re.compile(options.console)
    except re.error as error:
        raise ConfigError(
            f'"{options.console}" is no pattern: {error}', hint="Say a regular expression"
        ) from error


def _check_name(name: str, look: Look) -> None:
    if name in look.target_instances:
        raise Conflict(
            f"{look.target} has a machine called {name} already",
            hint="Give the new one another name: --name NAME",
        )


def _slug(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return plain[:NAME_IN_ID].strip("-") or "machine"
