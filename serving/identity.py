"""Linking, unlinking and erasing: decided by the engine's rules, done by the store in one step."""

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final

from engine.bundle import Bundle
from engine.customers.identity import (
    NOBODY_LINKED,
    Alias,
    Identity,
    IdentityRefused,
    Word,
    customer_node,
    from_text,
    id_of,
    identity_of,
    linked,
    to_text,
    unlinked,
    word_of,
)
from engine.customers.tombstones import Tombstones, tombstone
from engine.errors import StoreError
from engine.events import EventType
from engine.faults import unknown_key
from engine.happened import Happened
from engine.instants import instant
from engine.nearest import nearest
from engine.other_names import OTHER_KINDS
from engine.types import DAY_MS
from serving.bundles import Live
from serving.clock import wall
from serving.customer_schemas import LinkRequest
from serving.problems import FieldProblem, Problem, Refusal, invalid
from serving.shop import Shop
from serving.store.people import erase, held_of, relink, relink_each
from serving.store.purge import is_erased
from serving.store.replay import stream_after

TRIES: Final = 8  # guess: so many changes of one person's links at the same instant
ERASURE_LEAVES: Final = ("stream", "log", "bundles")


async def relate(shop: Shop, asked: LinkRequest, *, link: bool) -> dict[str, Any]:
    """All aliases or none. Raises Refusal (409, 422), or StoreError: ask for the same again."""
    aliases = asked.named()
    _check_kinds(shop, aliases)
    at = shop.now() if asked.at is None else round(asked.at.timestamp() * 1000)
    nodes = list(dict.fromkeys([customer_node(asked.customer_id), *(a.node for a in aliases)]))
    for _ in range(TRIES):
        held = await held_of(shop.store, nodes)
        before = _joined(held)
        after, changed = before, list[Alias]()
        for place, alias in enumerate(aliases):
            step = _step(shop, after, alias, (asked.customer_id, at, place), link=link)
            changed += [] if step is after else [alias]
            after = step
        told = [_event(asked, alias, at, link=link) for alias in changed]
        if not changed or await relink(
            shop.store, told, dict(zip(nodes, held, strict=True)), _texts(before, after)
        ):
            return _told(shop, after, nodes[0], len(changed))
    raise StoreError("the links of this customer change all the time")


def _check_kinds(shop: Shop, aliases: Sequence[Alias]) -> None:
    known = shop.bundles.live.bundle.shop.identity.kinds
    wrong = [
        {"loc": ("aliases", place, "kind"), "msg": _no_kind(alias.kind, known)}
        for place, alias in enumerate(aliases)
        if alias.kind not in known
    ]
    if wrong:
        raise invalid(wrong)


def _no_kind(kind: str, known: tuple[str, ...]) -> str:
    if nearest(kind, known, OTHER_KINDS):
        return unknown_key(kind, known, "kind of link", OTHER_KINDS)
    return f"is none of {', '.join(known)}; {kind!r} was sent"


def _joined(held: Sequence[bytes | None]) -> Identity:
    found = Identity()
    for text in held:
        found = found if text is None else found | from_text(text)
    return found


def _step(
    shop: Shop, identity: Identity, alias: Alias, whom: tuple[str, int, int], *, link: bool
) -> Identity:
    customer_id, at, place = whom
    config = shop.bundles.live.bundle.shop.identity
    try:
        if link:
            return linked(identity, alias, customer_id, at, config)
        return unlinked(identity, alias, customer_id)
    except IdentityRefused as error:
        raise Refusal(
            Problem(
                type=f"urn:caini:link-{error.reason}",
                title="The link contradicts what is linked",
                status=409,
                detail=str(error),
                errors=[FieldProblem(field=f"aliases.{place}", problem=str(error))],
            )
        ) from error


def _texts(before: Identity, after: Identity) -> dict[str, str]:
    """What every id that was or is among them is to hold, those that are alone now too."""
    nodes = sorted(before.nodes() | after.nodes())
    return _texts_of(after, nodes)


def _texts_of(identity: Identity, nodes: Iterable[str]) -> dict[str, str]:
    parts = identity.parts()
    written = {id(part): to_text(part) for part in parts.values()}
    alone = to_text(NOBODY_LINKED)
    return {node: written[id(parts[node])] if node in parts else alone for node in nodes}


def _event(asked: LinkRequest, alias: Alias, at: int, *, link: bool) -> Happened:
    verb = EventType.LINK if link else EventType.UNLINK
    reason = {} if asked.reason is None else {"reason": asked.reason}
    return Happened(
        event_id=f"{verb}:{secrets.token_hex(12)}",
        type=verb,
        at=at,
        customer_id=asked.customer_id,
        properties={"kind": alias.kind, "alias": alias.value, **reason},
    )


def _told(shop: Shop, identity: Identity, node: str, changed: int) -> dict[str, Any]:
    return {
        **described(identity, node),
        "changed": changed,
        "durable": shop.store.durable,
    }


def described(identity: Identity, node: str) -> dict[str, Any]:
    """Who somebody is, in outside ids."""
    root, *others = identity.person(node)
    return {
        "customer_id": id_of(root),
        "aliases": [{"kind": identity.links[one].kind, "value": id_of(one)} for one in others],
        "households": [id_of(home) for home in identity.households(node)],
    }


async def erase_person(shop: Shop, customer_id: str) -> dict[str, Any]:
    """The receipt. Raises StoreError: ask for the same again."""
    node = customer_node(customer_id)
    for _ in range(TRIES):
        (held,) = await held_of(shop.store, [node])
        identity = _joined([held])
        nodes = identity.person(node)
        left = identity.without(nodes)
        others = _texts_of(left, identity.nodes() - {*nodes})
        people = [(each, _referrer(shop, each)) for each in nodes]
        done = await erase(shop.store, (node, held), people, others, shop.now())
        if done is None:
            continue
        await shop.erasures.learn(shop.store)
        now = wall()  # it is done, and is to be done, by the calendar of whoever asked
        until = instant(now + shop.settings.erasure_days * DAY_MS)
        return {
            "erasure": done.number,
            "customers": [tombstone(done.salt, each) for each in nodes],
            "erased_at": instant(done.at),
            "done_at": instant(now),
            "removed": {"ids": len(nodes), "newest_events": done.tail_entries},
            "remaining": [{"what": what, "until": until} for what in ERASURE_LEAVES],
            "durable": shop.store.durable,
        }
    raise StoreError("the links of this customer change all the time")


def _referrer(shop: Shop, node: str) -> str:
    """Who the bundle says brought a customer; they know of the newest orders too."""
    bundle = shop.bundles.live.bundle
    row = bundle.customers.row(id_of(node)) if node[0] == "c" else -1
    return bundle.snapshot.referrer_of(row).referrer_id


async def restore_people(shop: Shop) -> int:
    """The store holds what the bundle says of links, and the stream since: it may be a new store,
    or the log may hold links that no server was told. How many ids it did not hold so.

    Nothing of who was erased meanwhile. Raises StoreError, also while it changes all the time.
    """
    live = shop.bundles.live
    if not len(live.bundle.linked.nodes):
        return 0
    for _ in range(TRIES):
        if not await shop.erasures.learn(shop.store):
            raise StoreError("it does not say who was erased")
        erased = shop.erasures.known
        trained = await asyncio.to_thread(_trained, live.bundle, erased)
        told = [*trained, *await _told_since(shop, live, erased)]
        nodes = list(dict.fromkeys(end for word in told for end in word.edge[:2]))
        held = await held_of(shop.store, nodes)
        told = [*trained, *await _told_since(shop, live, erased)]  # nothing changed before `held`
        changes = await asyncio.to_thread(_differing, told, nodes, held)
        changed = await relink_each(shop.store, changes, erased.last)
        if changed is not None:
            return changed
    raise StoreError("people are erased all the time")


def _trained(bundle: Bundle, erased: Tombstones) -> list[Word]:
    """The links that the training knew, but of nobody who was erased since."""
    known, everybody = bundle.manifest.erasures, bundle.linked.everybody()
    gone = [node for node in everybody.nodes() if erased.since(node, known)]
    left = everybody.without(gone) if gone else everybody
    edges = (*left.links.values(), *left.homes.values())
    return [Word(edge, holds=True, revision=0, event_id="") for edge in edges]


async def _told_since(shop: Shop, live: Live, erased: Tombstones) -> list[Word]:
    words = list[Word]()
    async for event in stream_after(shop.store, live.through):
        word = word_of(event)
        words += [] if word is None or is_erased(event, erased) else [word]
    return words


def _differing(
    words: Sequence[Word], nodes: Sequence[str], held: Sequence[bytes | None]
) -> dict[str, tuple[bytes | None, str]]:
    """What each node holds and is to hold, where that is not the same."""
    wanted = _texts_of(identity_of(words), nodes)
    return {
        node: (text, wanted[node])
        for node, text in zip(nodes, held, strict=True)
        if text is None or text.decode() != wanted[node]
    }
