"""What shops call our types of events and kinds of links, to tell which may have been meant.

In lower case, with underscores. Nothing is taken for another: a shop says so itself, by a mapping.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

OTHER_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("pageview", "page_view", "product_view", "view_item", "pv"), "view"),
        **dict.fromkeys(("impr", "exposure", "show", "view_item_list"), "impression"),
        **dict.fromkeys(("fav", "favorite", "like", "wishlist", "add_to_wishlist"), "favourite"),
        **dict.fromkeys(("add_to_cart", "addtocart", "add_cart", "basket"), "cart"),
        **dict.fromkeys(("remove_from_cart", "removefromcart", "delete_from_cart"), "uncart"),
        **dict.fromkeys(("order", "buy", "bought", "purchased", "sale", "pay"), "purchase"),
        **dict.fromkeys(("transaction", "checkout", "ordered", "paid", "payment"), "purchase"),
        **dict.fromkeys(("return", "returned", "refunded", "cancel", "cancelled"), "refund"),
        **dict.fromkeys(("query", "searched"), "search"),
        **dict.fromkeys(("review", "rate", "rated", "score"), "rating"),
        **dict.fromkeys(("question", "inquiry", "ask"), "enquiry"),
        **dict.fromkeys(("register", "registration", "sign_up"), "signup"),
        **dict.fromkeys(("opt_in", "opt_out", "unsubscribe", "subscribe"), "consent"),
        **dict.fromkeys(("open", "email_open"), "message_open"),
        **dict.fromkeys(("email_click",), "message_click"),
        **dict.fromkeys(("refer", "recommend_friend"), "referral"),
    }
)

OTHER_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("wechat", "weixin", "openid", "wechat_open_id", "wx_openid"), "open_id"),
        **dict.fromkeys(("unionid", "union_id", "wechat_union_id"), "open_id"),
        **dict.fromkeys(("email", "mail", "e_mail"), "email_hash"),
        **dict.fromkeys(("phone", "mobile", "telephone", "tel"), "phone_hash"),
        **dict.fromkeys(("pos", "card", "member_card", "loyalty_card"), "pos_card"),
        **dict.fromkeys(("cookie", "device", "device_id", "anonymous_id"), "visitor"),
        **dict.fromkeys(("family", "home"), "household"),
        **dict.fromkeys(("app", "app_account"), "app_id"),
        **dict.fromkeys(("web", "account", "login"), "web_account"),
        **dict.fromkeys(("user", "user_id", "member", "customer_id"), "customer"),
    }
)
