"""How fast texts are scored, beside a small model as one finds it. Needs the ``bench`` extra; not used in service."""
