"""UI kit: the frame, components and words that every page of Ieum shares, rendered on the server.

Promises to a service:

    pages      A page is a template that extends `layout.html`; the service brings templates, texts, a menu and a style
               sheet of its own (`render.Site`). It reads and prints without scripts, and on a phone.
    security   No inline code or style, nothing foreign (strict CSP); browsers keep no page. Names and typed texts are
               escaped.
    languages  Each text stands in a Korean and an English catalogue; what is missing in one fails `make lint`. A name
               or a typed text in another language than the page's says so in its `lang` attribute.
    figures    A number is shown in the page's unit, rounded half up, unknown as a dash, and opens its lineage.
    charts     Inline SVG in one notation, labels placed by the font's own widths, readable in both themes and in print.
    errors     A refusal, invalid input or an unreachable database is answered with a page in plain words: why, what to
               do, and the correlation id.
    caching    `PageCache` renders a page once for the same address, viewer, day and position of the projections.

Not promised: what a figure means, who may see what (shared/web/identity), live updates (the service's stream), forms.

    values       texts, figures, ranges, states, units
    format       numbers, money and dates as text
    charts       charts as SVG
    text_width   widths of labels in the pages' font
    page         frame of a page; view of an error page
    links        addresses that carry date, unit and language
    i18n         catalogues; texts by key, plain or as HTML
    figure_html  figures as links
    render       templates and the names that they know; built files
    responses    HTML responses with security headers
    frame        frame of a requested page, from its address
    page_cache   rendered pages by what decides them
    errors       routes whose errors are pages
    files        set-up in an app; static files

Folders: `templates`, `locale` (catalogues), `assets` (sources of style sheets and scripts), `static` (what
`python -m tools.assets` builds from them and from the services' sheets).
"""
