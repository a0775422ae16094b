# syntax=docker/dockerfile:1
# rq-dashboard: a page that shows queues, jobs and workers. Build it from the top of the repository.

FROM python:3.11.14-slim-bookworm AS build

# Where pip finds packages, besides its own settings; nothing of it stays in the image.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN python -m venv /opt/yomite
COPY deploy/dashboard.lock /build/
RUN /opt/yomite/bin/pip install --no-deps --requirement /build/dashboard.lock \
    && /opt/yomite/bin/pip uninstall --yes pip setuptools


FROM python:3.11.14-slim-bookworm

LABEL org.opencontainers.image.title="yomite-dashboard" \
      org.opencontainers.image.description="Shows the queues of Yomite; the program in it is rq-dashboard" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN useradd --uid 10001 --user-group --no-log-init --no-create-home --shell /usr/sbin/nologin yomite
COPY --from=build /opt/yomite /opt/yomite

ENV PATH=/opt/yomite/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

USER 10001:10001
WORKDIR /tmp
STOPSIGNAL SIGINT
HEALTHCHECK --interval=15s --timeout=5s --retries=4 --start-period=30s \
    CMD ["python", "-c", "import os, socket; socket.create_connection(('127.0.0.1', int(os.environ.get('RQ_DASHBOARD_PORT', 9181))), 3)"]
CMD ["rq-dashboard"]
