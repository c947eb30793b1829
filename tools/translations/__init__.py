"""Check of the catalogues: what code and templates look up exists in every language, and nothing else does.

    python -m tools.translations     exit 1 and one line per finding; run by `make lint`

A package with a folder `locale` is a domain; the kit's (`shared/web/ui`) is seen by every other one. Keys count as used

- in Python, where a call looks one up (`t("…")`), and wherever a text's key stands as a constant;
- in templates, where `t`, `localize.sentence` or a `texts:` comment names one: {# texts: funnel.{applied,selected} #};
- by families, whose last part is a value: `"status." ~ row.status`. TEXT_FAMILIES = {"status": CaseStatus}, beside the
  type, declares them; the value is a Literal, an Enum, a tuple or dict of texts, or ANY where a test knows the values.

    catalogues      catalogues of a domain, and what is wrong with each
    python_uses     keys and families in Python
    template_uses   keys and families in templates
    findings        uses against catalogues
"""
