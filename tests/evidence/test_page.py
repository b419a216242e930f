"""A page that asks nobody: analytics out, a policy in, and anything else from outside refused."""

import pytest

from tokenbroker.evidence.report.page import POLICY, ReportUnavailable, offline, outside_loads

pytestmark = pytest.mark.req("AUDIT-2")

DATA = '<script>d("x","aHR0cHM6Ly9leGFtcGxlLmNvbQ==")</script><script src="data:text/javascript;base64,Ly8vLw=="></script>'
ANALYTICS = (
    '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>\n'
    "<script>\n function gtag(){dataLayer.push(arguments);} gtag('js', new Date());\n</script>"
)


def page(body: str) -> str:
    return f"<!DOCTYPE html>\n<html><head><title>x</title></head><body>{body}</body></html>"


def test_the_analytics_element_and_its_script_are_gone_and_the_rest_stays():
    made = offline(page(f'{DATA}{ANALYTICS}<a href="https://allurereport.org">Allure</a>'))
    assert "googletagmanager" not in made
    assert "gtag" not in made
    assert DATA in made
    assert '<a href="https://allurereport.org">' in made


def test_the_policy_comes_before_anything_that_it_should_hold():
    made = offline(page(DATA))
    assert made.index(POLICY) < made.index("<title>") < made.index("<script")
    assert "http" not in POLICY.replace("http-equiv", "")
    assert POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize(
    "element",
    [
        '<img src="https://example.com/x.png">',
        '<link rel=stylesheet href="//example.com/x.css">',
        "<iframe src='http://example.com'></iframe>",
        '<img srcset="data:image/png;base64,AA 1x, https://example.com/2.png 2x">',
        '<meta http-equiv="Refresh" content="0; url=https://example.com/">',
        '<object data="https://example.com/x.swf"></object>',
        '<base href="https://example.com/">',
        '<form action="https://example.com/"></form>',
        '<svg><image xlink:href="https://example.com/x.svg"/></svg>',
        '<video poster="wss://example.com/"></video>',
    ],
)
def test_a_page_that_would_load_from_outside_is_refused(element):
    with pytest.raises(ReportUnavailable) as refused:
        offline(page(element))
    assert refused.value.code == "report.not_offline"


def test_a_page_without_a_place_for_the_policy_is_refused():
    with pytest.raises(ReportUnavailable) as refused:
        offline("<p>not what the generator writes</p>")
    assert refused.value.code == "report.not_offline"


def test_links_and_what_the_page_itself_holds_are_no_loads():
    held = '<a href="https://example.com/">x</a><img src="data:image/png;base64,//8A"><link rel=icon href="data:image/svg+xml,%3Csvg xmlns=\'http://www.w3.org/2000/svg\'/%3E">'
    assert outside_loads(page(held)) == []
