"""One module a page: what it shows, as frozen structs whose fields are its panels (dashboards.console.routes.PAGES).

A panel goes out by itself when it has changed. Times are milliseconds, money is in minor units, and None is shown as
"–": a zero denominator, or what no feed reported. The browser's types are generated from these structs.
"""
