"""A Docker engine of the tests' own, and what the shipped compose file needs in it, made of packages.

`python -m tests.servers.containers` brings what is missing, once, into a cache outside the tree:

    engine.py        dockerd on a socket of its own: no firewall rules, no images of the machine's own engine
    plugin.py        compose's plugin, built of its Go module
    base_images.py   what docker-compose.yml and the Dockerfile start from, made of Debian's packages, npm's and jars
    project.py       docker-compose.yml itself, up and down, on free ports

No registry of images is asked: an image is made under the name that the file asks for. Grafana is in no such package,
so its service is left out.
"""
