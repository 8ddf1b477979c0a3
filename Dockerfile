# Two stages: the first compiles, the second holds what runs and nothing else (no compiler, no bundled Postgres, no tests).
# The version is that of the `node` package in package.json; test/house/docker.test.ts keeps the two equal.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No dependency needs its install script: the `node` package's would fetch the Node that this image already is.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY tools/build.ts tools/build.ts
COPY src src
RUN node tools/build.ts

FROM node:24.21.0-bookworm-slim
WORKDIR /opt/relata
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY --from=build /build/dist dist
COPY bin bin
COPY migrations migrations
COPY schema/examples schema/examples
COPY LICENSE ./
# In a container every interface is the container's own. Callers' ports speak TLS when RELATA_TLS_CERT_FILE and RELATA_TLS_KEY_FILE
# name a certificate. The operations port asks for no credentials: publish it to nobody but probes and metrics.
ENV RELATA_GRPC_HOST=0.0.0.0 RELATA_HTTP_HOST=0.0.0.0 RELATA_OPS_HOST=0.0.0.0
EXPOSE 50051 8080 9090
# uid 1000 of the base image; nothing under /opt/relata is writable by it.
USER node
# On the operations port, which speaks clear text whatever the others do.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.RELATA_OPS_PORT ?? 9090}/readyz`).then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1 here and handles SIGTERM itself. Give the database and the keys by environment or by a mounted file:
#   docker run -e RELATA_DATABASE_URL=… -v ./relata.yaml:/etc/relata.yaml:ro relata serve --config /etc/relata.yaml
ENTRYPOINT ["node", "bin/relata.js"]
CMD ["serve"]
