"""Values: exact business values, without a database, a network or a service.

Promises to rules and events:

    won             Whole numbers only: amounts are int, never float, and fit every JSON reader; a split by ratios adds up
                    to its total, and the remainder goes to the funder that the definition names.
    business dates  Every rule reads one business clock, the date and time in Seoul; dates later than it are refused.
    calendar        Months, Korean public holidays and business days as the Civil Act counts them.
    business number 사업자등록번호: ten digits whose check digit is tested; hyphens are removed.
    municipality    A city or county by its administrative code, which is valid between two dates only.

Not promised: rounding rules of a programme (its definition has them), and holidays that were declared after the release of
the package `holidays`.

    money            funders, won, shares, splits and instalments
    clock            the business clock, which the demo may pin and advance
    calendar         fiscal years, months, holidays, business days
    business_number  the check of a business number
    municipalities   codes, names and dates of cities and counties (municipalities.csv)
"""
