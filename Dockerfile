# gauger in a container: a user of its own, kernels compiled beforehand, nothing written to the root file system.
#
#   docker build --tag gauger .
#   docker run --read-only --tmpfs /tmp --volume "$PWD:/data" gauger score logs --out day --state state
#
# Kernels are of the processor that builds: build on the kind of machine that runs it, else they are compiled anew.
FROM python:3.11-slim AS build
COPY . /src
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels /src

FROM python:3.11-slim
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir "$(ls /wheels/gauger-*.whl)[report,serve,delta,iceberg]" && rm -r /wheels
ENV GAUGER_CACHE_DIR=/opt/gauger/kernels
RUN gauger warmup --to /opt/gauger/kernels
ENV XDG_CACHE_HOME=/tmp XDG_STATE_HOME=/tmp MPLCONFIGDIR=/tmp
WORKDIR /data
USER 10001:10001
ENTRYPOINT ["gauger"]
