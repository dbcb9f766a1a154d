"""Linking, unlinking and erasing: decided by the engine's rules, done by the store in one step."""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from engine.customers.identity import (
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
from engine.customers.referrals import referral_of
from engine.customers.tombstones import tombstone
from engine.errors import StoreError
from engine.events import EventType
from engine.happened import Happened
from serving.bundles import Live
from serving.customer_schemas import LinkRequest
from serving.instants import instant
from serving.problems import FieldProblem, Problem, Refusal, invalid
from serving.shop import Shop
from serving.store.people import erase, held_of, relink
from serving.store.replay import stream_after

TRIES: Final = 8  # guess: so many changes of one person's links at the same instant
ERASURE_LEAVES: Final = ("stream", "log", "bundles")


async def relate(shop: Shop, asked: LinkRequest, *, link: bool) -> dict[str, Any]:
    """All aliases or none. Raises Refusal (409, 422), or StoreError: ask for the same again."""
    aliases = [Alias(one.kind, one.value) for one in asked.aliases]
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
        {"loc": ("aliases", place, "kind"), "msg": f"is none of {', '.join(known)}"}
        for place, alias in enumerate(aliases)
        if alias.kind not in known
    ]
    if wrong:
        raise invalid(wrong)


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
    return {node: to_text(after.around(node)) for node in nodes}


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
        others = {each: to_text(left.around(each)) for each in identity.nodes() - {*nodes}}
        people = [(each, _referrer(shop, each)) for each in nodes]
        done = await erase(shop.store, (node, held), people, others, shop.now())
        if done is None:
            continue
        await shop.erasures.learn(shop.store)
        until = _until(shop)
        return {
            "erasure": done.count,
            "customers": [tombstone(done.salt, each) for each in nodes],
            "erased_at": instant(done.at),
            "removed": {"ids": len(nodes), "newest_events": done.tail_entries},
            "remaining": [{"what": what, "until": until} for what in ERASURE_LEAVES],
            "durable": shop.store.durable,
        }
    raise StoreError("the links of this customer change all the time")


def _referrer(shop: Shop, node: str) -> str:
    """Who the bundle says brought a customer; they know of the newest orders too."""
    bundle = shop.bundles.live.bundle
    row = bundle.customers.row(id_of(node)) if node[0] == "c" else -1
    known = referral_of(bundle.snapshot.history_of(row))
    return "" if known is None else known.referrer_id


def _until(shop: Shop) -> str | None:
    return instant(shop.now() + shop.settings.erasure_days * 86_400_000)


async def restore_people(shop: Shop) -> int:
    """The store holds what the bundle says of links, and the stream since: it may be a new store,
    or the log may hold links that no server was told. How many ids it did not hold so.
    """
    live, erased = shop.bundles.live, shop.erasures.known
    if not len(live.bundle.linked.nodes):
        return 0
    ends = [end for word in await _words(shop, live) for end in word.edge[:2]]
    nodes = [
        node
        for node in dict.fromkeys(ends)
        if not erased.since(node, live.bundle.manifest.erasures)
    ]
    held = await held_of(shop.store, nodes) if nodes else []
    after = identity_of(await _words(shop, live))  # again: nothing that changed before `held`
    after = after.without(after.nodes() - {*nodes})
    changed = 0
    for node, text in zip(nodes, held, strict=True):
        new = to_text(after.around(node))
        if text is None or text.decode() != new:
            changed += await relink(shop.store, [], {node: text}, {node: new})
    return changed


async def _words(shop: Shop, live: Live) -> list[Word]:
    linked = live.bundle.linked
    told = [linked.identity(linked.nodes.id(row)) for row in range(len(linked.nodes))]
    edges = {edge for one in told for edge in (*one.links.values(), *one.homes.values())}
    words = [Word(edge, holds=True, revision=0, event_id="") for edge in sorted(edges)]
    async for event in stream_after(shop.store, live.through):
        word = word_of(event)
        words += [] if word is None else [word]
    return words
