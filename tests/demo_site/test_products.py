"""The page from which a visitor of the demo finds every console."""

import re

import pytest

from demo_site.products import PRODUCTS


def test_every_page_of_a_signed_in_person_leads_to_the_products_and_they_to_each_console(visitor):
    assert 'href="/products"' in visitor.sign_in().text
    paths = re.findall(r'<li><a href="([^"]+)"', visitor.open("/products").text)
    assert paths == [product.path for product in PRODUCTS]
    assert {path: visitor.open(path).status_code for path in paths} == dict.fromkeys(paths, 200)


@pytest.mark.parametrize("path", ["/products", *(product.path for product in PRODUCTS)])
def test_no_console_opens_before_the_sign_in(visitor, path):
    assert visitor.open(path).url.path == "/login"
