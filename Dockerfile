# The production entry, `chakrator run`: the page is built in one stage, the environment in another,
# and what ships has neither Node nor a compiler.
FROM node:24-slim AS page
WORKDIR /src/webui/frontend
COPY webui/frontend/package.json webui/frontend/package-lock.json webui/frontend/.npmrc ./
RUN npm ci
COPY webui/frontend ./
RUN npm run build -- --outDir /page --emptyOutDir

FROM python:3.13-slim AS environment
WORKDIR /src
COPY requirements/runtime.txt requirements/
RUN python -m venv /opt/chakrator && /opt/chakrator/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY . .
COPY --from=page /page webui/static
RUN CHAKRATOR_PAGE=built /opt/chakrator/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
# A fixed number, so that `runAsNonRoot` can be checked before the image is started.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin chakrator && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=environment /opt/chakrator /opt/chakrator
USER 10001:10001
ENV PATH=/opt/chakrator/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PORT=3000
VOLUME /data
EXPOSE 3000
ENTRYPOINT ["chakrator"]
CMD ["run", "--data", "/data"]
