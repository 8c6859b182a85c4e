# The ledger's processes and commands, without the embedded services. Two stages: what builds does not ship.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/ledger
WORKDIR /src
# Dependencies first: they change less often than the code. Every file is checked against the lock's hashes.
COPY requirements.lock ./
RUN /opt/ledger/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY schemas schemas
COPY policies policies
COPY consumers consumers
COPY ledger ledger
# The build backend is fetched for this line only and stays in this stage.
RUN /opt/ledger/bin/pip install --no-deps . \
    && /opt/ledger/bin/pip uninstall --yes pip

FROM python:3.11-slim-bookworm
# A number without a name on the host: a secret mounted as a file must belong to it (docs/operations.md).
RUN groupadd --gid 10001 ledger \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ledger
COPY --from=build /opt/ledger /opt/ledger
ENV PATH=/opt/ledger/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LEDGER_LOG_FORMAT=json
USER 10001:10001
WORKDIR /tmp
# No HEALTHCHECK: the processes listen to nobody and are crash-only. One that cannot go on ends, and is started again;
# how far it came stands in the databases.
STOPSIGNAL SIGTERM
ENTRYPOINT ["ledger"]
CMD ["--help"]
