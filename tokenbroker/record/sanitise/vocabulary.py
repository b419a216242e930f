"""Words that tell nothing of anybody."""

from typing import Final

_ORDINARY: Final = """
a about accept access account accounts action actions activate active add address admin administrator
advanced all allow also amount an and any api app application applications apply approve april archive are
art as ask assign at august authorise authorize auto back basic be bill billing block book by call can
cancel case chance change chase check choose clear click client close code codes company confirm connect
console contact content continue copy create created creation credential credentials curl custom daily
dashboard data date dawn day days default delete demo deny describe description details dev developer
developers disable discard display do docs done download draft draw drew earl edit email enable end enter
environment event everything exit expand expiration expires expiry export faith field file filter finish
first for forever form frank full generate get give go grace grant group groups guest guide have heading
help hi hide holly home hope hours how hunter i id identity if import in info integration integrations
invite iris is issue it ivy jack join june just key keys kind label last later learn leave levels limit
limits link list live local lock log login logout long mail main make manage manager mark market mason max
may me member members menu message mine monthly more my name named new next nick no none not note notes of
off office ok on one only open option options or order organisation organization other our out owner page
paid pass password paste pat pay permission permissions personal phone pick piper plan platform please
policy post preview private production profile project projects public publish purpose ray read ready
reason refresh region register remove rename reset resource resources restrict retry return reveal review
revoke rich rob robin role roles root rose rotate rule run sandbox save scope scopes search secret secrets
section security see select send server service services session set settings setup share show sign site
sky sort staging start status step stop sub submit sue summer support sure team teams temporary terms test
testing text the this time title to today token tokens tool tools trace try turn type under unlimited
unlock until up update upload use user username users value values verify version view violet wade ward
webhook welcome what when will with work workspace write year years yes you your zone
"""
_BESIDE_TOKENS: Final = """
again anyone anywhere are bearer been before but careful copied don ends ever further gone has isn it keep leave
lost never now of only once page place point right safe safely secure securely shown so soon somewhere store stored
sure t than that there these they too very was were won
"""
_UNITS: Final = """
alpha android any b beta either every expiring factor gb gib hour hr hrs ios kb linux mac macos mb mib min mins minute
minutes months ms never oauth only pm quarter sec second seconds tb unrestricted week weeks windows
"""
_IN_EVERY_FLOW: Final = """
version site flow description allowed_automation guided semi_auto tags origins params default pattern
required personal matrix steps navigate click type select check uncheck press wait_for wait_human
capture_token verify_token store_token selector value_ref secrets param env test_id role label placeholder
text css name fingerprint button textbox link heading dialog main form navigation autocomplete current-
password new-password one-time-code username landmark caption near alike frame page timeout note reason
when retry sink secret import expect playwright locator getByRole getByLabel getByText getByTestId
getByPlaceholder process await async true false https http
"""
_AUTOCOMPLETE: Final = """
off on shipping billing home work mobile fax pager webauthn name honorific-prefix given-name additional-name
family-name honorific-suffix nickname username new-password current-password one-time-code organization-title
organization street-address address-line1 address-line2 address-line3 address-level4 address-level3 address-level2
address-level1 country country-name postal-code cc-name cc-given-name cc-additional-name cc-family-name cc-number
cc-exp cc-exp-month cc-exp-year cc-csc cc-type transaction-currency transaction-amount language bday bday-day
bday-month bday-year sex url photo tel tel-country-code tel-national tel-area-code tel-local tel-local-prefix
tel-local-suffix tel-extension email impp
"""

ORDINARY: Final = frozenset(_ORDINARY.split())
"""Words of controls and headings: what a page calls its buttons, whoever uses it.

A part of a person's name that is one of them is sought with care, and a content that consists of them is not sought
elsewhere at all.
"""
BESIDE_TOKENS: Final = ORDINARY | frozenset(_BESIDE_TOKENS.split())
"""Those, and the words of the sentences that tokens are shown in."""
OF_OPTIONS: Final = ORDINARY | frozenset(_UNITS.split())
"""Those, and what a limit or a lifetime is counted in."""
WORDS_OF_FLOWS: Final = frozenset(_IN_EVERY_FLOW.casefold().split())
"""Words that stand in each flow or Playwright Test file: that one of them stands there tells nothing."""
IN_EVERY_FLOW: Final = " ".join(_IN_EVERY_FLOW.casefold().split())
"""The same as a text."""
AUTOCOMPLETE: Final = frozenset(_AUTOCOMPLETE.split())
"""All that HTML knows for `autocomplete` (HTML, 4.10.18.7), but for the names of sections."""
