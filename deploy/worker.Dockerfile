# syntax=docker/dockerfile:1
# The worker: models and what computes them, without chat platforms. Build it from the top of the repository.

FROM python:3.11.14-slim-bookworm AS build

# Where pip finds packages, besides its own settings; nothing of it stays in the image. torch comes from there too: the builds of pip's
# own index compute on NVIDIA GPUs, and an index of builds for the CPU alone makes a far smaller image.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN python -m venv /opt/yomite
COPY deploy/worker.lock /build/
# With what the packages need: torch for a GPU brings libraries that the lock does not name.
RUN /opt/yomite/bin/pip install --constraint /build/worker.lock --requirement /build/worker.lock

WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY engine engine
COPY workers workers
# An empty folder in place of the models, which have a layer of their own: they change less often than the code.
RUN mkdir models \
    && /opt/yomite/bin/pip install --no-deps . \
    && /opt/yomite/bin/pip uninstall --yes pip


FROM python:3.11.14-slim-bookworm

LABEL org.opencontainers.image.title="yomite-worker" \
      org.opencontainers.image.description="Answers questions about Japanese and English texts with BERT models" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN useradd --uid 10001 --user-group --no-log-init --create-home --home-dir /var/lib/yomite --shell /usr/sbin/nologin yomite
COPY models /opt/yomite/models
COPY --from=build /opt/yomite /opt/yomite

ENV PATH=/opt/yomite/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/var/lib/yomite \
    MPLCONFIGDIR=/tmp/matplotlib \
    HF_HOME=/var/lib/yomite/hub \
    YOMITE_MODELS_DIR=/opt/yomite/models \
    YOMITE_STATE_DIR=/var/lib/yomite \
    YOMITE_MONITOR_PORT=9464

USER 10001:10001
WORKDIR /var/lib/yomite
VOLUME /var/lib/yomite
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --retries=4 --start-period=120s CMD ["python", "-P", "-m", "workers.observing.probe"]
ENTRYPOINT ["yomite"]
CMD ["worker"]
