"""Grafana: dashboards as code, their built JSON, and what brings them into a Grafana.

`boards` needs Grafana's SDK (the `dev` extra) and writes `built`; everything else works with the built files alone.
"""
