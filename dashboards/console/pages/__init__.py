"""One module a page: what it shows, from the readers, as frozen structs whose fields are its panels.

A panel goes out by itself when it has changed. Times are milliseconds, money is in minor units, and None is shown as
"–": a zero denominator, or what no feed told.
"""
