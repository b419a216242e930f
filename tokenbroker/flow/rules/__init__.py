"""The lint rules, in the order of their ids. A new one is a module beside these and a line here."""

from typing import Final

from tokenbroker.flow.rule import Rule
from tokenbroker.flow.rules import (
    answers_captcha,
    answers_otp,
    brittle_selector,
    literal_email,
    literal_placeholder,
    literal_secret,
    no_policy,
    otp_seed,
    plain_http,
    random_literal,
    reference_leaves,
    shows_again,
    token_into_page,
    undeclared_origin,
    unknown_engine,
    unused_param,
)

RULES: Final[tuple[Rule, ...]] = (
    literal_secret.RULE,
    literal_email.RULE,
    otp_seed.RULE,
    answers_otp.RULE,
    answers_captcha.RULE,
    random_literal.RULE,
    plain_http.RULE,
    undeclared_origin.RULE,
    reference_leaves.RULE,
    token_into_page.RULE,
    shows_again.RULE,
    no_policy.RULE,
    brittle_selector.RULE,
    unused_param.RULE,
    unknown_engine.RULE,
    literal_placeholder.RULE,
)
