"""The product areas of Example Cloud: each gives out its keys in a way of its own."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.pages import page, signed_in
from demo_site.site import site_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """A card on the page of products. `key_shown` tells a visitor of the demo what is special there."""

    name: str
    path: str
    tagline: str
    key_shown: str


PRODUCTS = (
    Product(
        name="Access",
        path="/api-keys",
        tagline="Keys that speak for your whole account.",
        key_shown="on a page of its own, rendered by the server",
    ),
    Product(
        name="Workbench",
        path="/console",
        tagline="The keys of this account, live.",
        key_shown="in a dialog that comes late",
    ),
    Product(
        name="Mail",
        path="/mail",
        tagline="Receipts, resets and notices, delivered in seconds.",
        key_shown="in a read-only field that is empty at first",
    ),
    Product(
        name="Maps",
        path="/maps",
        tagline="Tiles, routes and places for your own pages.",
        key_shown="nowhere: a button copies it to the clipboard",
    ),
    Product(
        name="Payments",
        path="/payments",
        tagline="Cards and transfers, settled every morning.",
        key_shown="in a frame of another origin",
    ),
    Product(
        name="Telemetry",
        path="/telemetry",
        tagline="Logs, traces and metrics in one place.",
        key_shown="three shadow roots deep, after three dialogs",
    ),
    Product(
        name="Registry",
        path="/registry",
        tagline="Container images next to where they run.",
        key_shown="in a popup window",
    ),
    Product(
        name="Functions",
        path="/functions",
        tagline="Small programs that run when something happens.",
        key_shown="in the middle of a sentence",
    ),
    Product(
        name="Storage",
        path="/storage",
        tagline="Buckets that hold anything, for as long as you like.",
        key_shown="cut into lines, beside “Click to copy”",
    ),
    Product(
        name="Deploy",
        path="/deploy",
        tagline="From a branch to production, with one yes.",
        key_shown="after an approval on the phone",
    ),
    Product(
        name="Notebooks",
        path="/notebooks",
        tagline="Questions to your data, answered as you type.",
        key_shown="once the only other one is revoked",
    ),
    Product(
        name="Custody",
        path="/custody",
        tagline="Signing keys that nobody reads back.",
        key_shown="under the strictest of security policies",
    ),
    Product(
        name="Speech",
        path="/speech",
        tagline="Speech to text, and back.",
        key_shown="after a puzzle that wants a person",
    ),
    Product(
        name="Projects",
        path="/projects",
        tagline="Who works on what, and with which keys.",
        key_shown="behind a link that forgets where you were going",
    ),
    Product(
        name="Batch",
        path="/console-slow/keys",
        tagline="Jobs that may take all night.",
        key_shown="late, after an answer that failed",
    ),
)


async def show_products(request: Request) -> Response:
    session, _ = signed_in(request)
    provider = site_of(request).sign_on.provider.origin
    return page(request, "products.html", session=session, products=PRODUCTS, provider=provider)


ROUTES = [Route("/products", show_products)]
